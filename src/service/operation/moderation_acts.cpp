// What operators do.
//
// An act on a user locks the user's row, decides there whether anything is to change, and writes
// the new state, all in one transaction. If it ends the user's session, the row gets a newer
// session epoch, which fences the session wherever it is: the journal refuses what it still sends,
// and every node that has it compares it with the row, at once if told over the bus, otherwise
// within seconds (delivery/events/resync.cpp). What is sent to sessions follows from the row, never
// from the act, so it may be done twice, late, or by the settle queue after a COMMIT whose answer
// was lost.
//
// On this node the act waits until the session has released the user: its pending messages are
// stored by then, and nothing of it is stored after the operator's answer.
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "chat/base/log.h"
#include "chat/delivery/delivery.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/login_messages.h"
#include "chat/protocol/utf8.h"
#include "chat/service/moderation.h"
#include "chat/session/session.h"
#include "chat/storage/session_model.h"
#include "chat/storage/settle.h"
#include "chat/storage/user_model.h"
#include "service/account/account_service.h"
#include "service/credentials/token.h"
#include "service/dispatch/audit.h"
#include "service/operation/act_error.h"
#include "service/operation/registration_policy.h"

namespace chat::service {
namespace {

using storage::Connection;
using storage::ModerationModel;
using storage::UserState;

// How long an act waits for the session on this node to end.
constexpr std::chrono::milliseconds kReleasePatience{2000};
constexpr std::chrono::milliseconds kReleaseLook{5};

constexpr std::int64_t kInviteDaysMax = 365;
constexpr std::int64_t kInviteUsesMax = 10'000;
constexpr std::size_t kAnnouncementMax = 1000;  // code points

tl::unexpected<Error> mistake(std::string sentence) {
  return fail(ErrorCode::kInvalidArgument, std::move(sentence));
}

// Without characters that look alike.
std::string random_password() {
  constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::string password;
  for (int i = 0; i < 20; ++i) {
    if (i > 0 && i % 5 == 0) password += '-';
    password += kLetters[randombytes_uniform(static_cast<std::uint32_t>(kLetters.size()))];
  }
  return password;
}

Result<void> end_sessions(Connection& connection, UserId user) {
  return ModerationModel(connection).end_sessions(user);
}

Result<void> revoke_tokens(Connection& connection, UserId user) {
  auto erased = storage::SessionModel(connection).erase_others(user, "");
  if (!erased) return fail(erased);
  return {};
}

}  // namespace

// The outcome of an act on a user: whether it changed anything, and the row afterwards.
struct Moderation::Change {
  bool changed = false;
  UserState row;
};

// Runs `work(connection, row, repeated)` with the locked row; it returns whether something changed.
template <typename Work>
Result<Moderation::Change> Moderation::change_user(UserId user, std::string_view act, Work work) {
  auto change = storage::transact_settled(
      context_.pool, [&](Connection& connection, bool repeated) -> Result<Change> {
        storage::UserModel users(connection);
        const auto before = users.state_locked(user);
        if (!before) return fail(before);
        if (!*before || (*before)->removed) {
          return mistake("there is no user " + std::to_string(user.value));
        }
        const auto changed = work(connection, **before, repeated);
        if (!changed) return fail(changed);
        const auto after = users.state_locked(user);
        if (!after) return fail(after);
        return Change{*changed, **after};
      });
  if (change) return change;
  if (is_unknown(change.error())) settle(user, act);
  return tl::make_unexpected(told_error(change.error()));
}

void Moderation::settle(UserId user, std::string_view act) {
  const bool queued = context_.settle_queue.try_add(
      std::string(act) + " user=" + std::to_string(user.value),
      [this, user](Connection& connection) -> Result<SettleQueue::Act> {
        const auto row = storage::UserModel(connection).state_locked(user);
        if (!row) return fail(row);
        if (!*row) return SettleQueue::Act();
        return [this, row = **row] { sessions_ended(row); };
      });
  if (!queued) log::warn("event=act_unsettled act={} user={}", act, user.value);
}

void Moderation::sessions_ended(const UserState& row) {
  context_.delivery.sessions_ended(row.id, row.session_epoch,
                                   row.disabled ? session::kAccountDisabled : session::kKicked);
}

void Moderation::await_release(UserId user) {
  const auto give_up = std::chrono::steady_clock::now() + kReleasePatience;
  for (;;) {
    const auto holder = context_.registry.holder_of(user);
    if (!holder || !holder->session->ending()) return;
    if (std::chrono::steady_clock::now() > give_up) return;
    std::this_thread::sleep_for(kReleaseLook);
  }
}

Result<bool> Moderation::kick(Operator by, UserId user) {
  const auto change = change_user(
      user, "kick",
      [user](Connection& connection, const UserState& row, bool repeated) -> Result<bool> {
        if (!row.online) return repeated && row.kicked_epoch == row.session_epoch;
        if (auto ended = end_sessions(connection, user); !ended) return fail(ended);
        return true;
      });
  if (!change) return fail(change);
  audit(context_, {"user_kicked", by.uid, user, {}, change->changed});
  if (!change->changed) return false;
  sessions_ended(change->row);
  await_release(user);
  return true;
}

Result<bool> Moderation::disable(Operator by, UserId user) {
  const auto change =
      change_user(user, "disable",
                  [&](Connection& connection, const UserState& row, bool repeated) -> Result<bool> {
                    if (row.disabled) return repeated;
                    ModerationModel model(connection);
                    auto done = model.set_disabled_at(user, context_.clock.unix_millis());
                    if (done) done = end_sessions(connection, user);
                    if (done) done = revoke_tokens(connection, user);
                    if (!done) return fail(done);
                    return true;
                  });
  if (!change) return fail(change);
  audit(context_, {"user_disabled", by.uid, user, {}, change->changed});
  if (!change->changed) return false;
  sessions_ended(change->row);
  await_release(user);
  return true;
}

Result<bool> Moderation::enable(Operator by, UserId user) {
  const auto change = change_user(
      user, "enable",
      [user](Connection& connection, const UserState& row, bool repeated) -> Result<bool> {
        if (!row.disabled) return repeated;
        auto done = ModerationModel(connection).set_disabled_at(user, 0);
        if (!done) return fail(done);
        return true;
      });
  if (!change) return fail(change);
  audit(context_, {"user_enabled", by.uid, user, {}, change->changed});
  return change->changed;
}

Result<std::string> Moderation::reset_password(Operator by, UserId user,
                                               std::optional<std::string> password) {
  if (!password) password = random_password();
  if (const auto fault = protocol::password_fault(*password)) return mistake(*fault);
  const auto hash = context_.hasher.hash(*password);
  if (!hash) return fail(hash);
  const auto change = change_user(
      user, "reset_password",
      [&](Connection& connection, const UserState& /*row*/, bool /*repeated*/) -> Result<bool> {
        auto done = ModerationModel(connection).set_password(user, *hash);
        if (done) done = end_sessions(connection, user);
        if (done) done = revoke_tokens(connection, user);
        if (!done) return fail(done);
        return true;
      });
  if (!change) return fail(change);
  audit(context_, {"password_reset", by.uid, user});
  sessions_ended(change->row);
  await_release(user);
  return *std::move(password);
}

Result<bool> Moderation::remove(Operator by, UserId user) {
  const auto removed = accounts_.remove_by_operator(user);
  if (!removed) return tl::make_unexpected(told_error(removed.error()));
  audit(context_, {"account_deleted", by.uid, user});
  await_release(user);
  return true;
}

Result<void> Moderation::announce(Operator by, std::string_view text) {
  const bool plain = protocol::is_valid_utf8(text) && !text.empty() &&
                     !protocol::has_control_characters(text) &&
                     protocol::count_code_points(text) <= kAnnouncementMax;
  if (!plain) {
    return mistake("an announcement has 1 to 1000 characters, and no control characters");
  }
  audit(context_, {"announced", by.uid});
  context_.delivery.announce(protocol::encode_push(
      protocol::messages::AnnouncementPush{.text = text, .ts = context_.clock.unix_millis()}));
  return {};
}

Result<void> Moderation::set_registration(Operator by, storage::RegistrationMode mode) {
  const auto done =
      storage::transact_settled(context_.pool, [mode](Connection& connection, bool /*repeated*/) {
        return storage::RegistrationModel(connection).set_mode(mode);
      });
  registration_.forget();
  if (!done) return tl::make_unexpected(told_error(done.error()));
  const std::string event = "registration_" + std::string(storage::to_string(mode));
  audit(context_, {event, by.uid});
  return {};
}

// A code whose storing is in doubt is not shown, so nobody can use it.
Result<InviteCode> Moderation::make_invite_code(Operator by, std::int64_t days, std::int64_t uses) {
  if (days < 1 || days > kInviteDaysMax) return mistake("--days must be from 1 to 365");
  if (uses < 1 || uses > kInviteUsesMax) return mistake("--uses must be from 1 to 10000");
  const UnixMillis now = context_.clock.unix_millis();
  InviteCode made{make_invite(), now + days * kMillisPerDay};
  const std::string hash = to_hex(hash_token(made.code));
  const auto done =
      storage::transact_settled(context_.pool, [&](Connection& connection, bool /*repeated*/) {
        return storage::RegistrationModel(connection).add_code(hash, now, made.expires_at, uses);
      });
  if (!done) return tl::make_unexpected(told_error(done.error()));
  audit(context_, {"invite_code_made", by.uid});
  return made;
}

}  // namespace chat::service
