#include "service/groups/group_act.h"

#include <utility>

#include "chat/base/random.h"
#include "chat/protocol/json_writer.h"
#include "chat/protocol/messages/encode.h"
#include "chat/storage/join_model.h"
#include "chat/storage/message_model.h"
#include "chat/storage/search_model.h"
#include "service/dispatch/replies.h"
#include "service/groups/group_words.h"

namespace chat::service {
namespace {

using storage::GroupRole;
using storage::word_of;

// The most event rows that one act writes.
constexpr std::size_t kEventsMax = 3;

}  // namespace

Result<std::vector<storage::GroupMessage>> events_from(storage::Connection& connection,
                                                       const storage::GroupMessage& first) {
  auto rows = storage::MessageModel(connection)
                  .group_before(first.group, first.seq - 1,
                                first.seq + static_cast<Seq>(kEventsMax), kEventsMax);
  if (!rows) return rows;
  std::erase_if(*rows, [&](const storage::GroupMessage& row) {
    return row.kind.empty() || row.sender != first.sender;
  });
  std::reverse(rows->begin(), rows->end());
  return rows;
}

std::string new_act_cid() {
  return "~" + base::random_hex(16);
}

Outcome<bool> GroupAct::open(GroupId group) {
  auto state = life_.lock(group);
  if (!state) return failed(state);
  if (!*state) return refused(protocol::Errno::kNotFound, no_such_group().message);
  state_ = std::move(**state);
  auto earlier =
      storage::MessageModel(connection_).find_group_message(group, actor_.user, actor_.cid);
  if (!earlier) return failed(earlier);
  if (!*earlier) return false;
  auto events = events_from(connection_, **earlier);
  if (!events) return failed(events);
  change_.repeated = true;
  change_.events = std::move(*events);
  return true;
}

Outcome<GroupAct::Member> GroupAct::self() {
  auto found = other(actor_.user);
  if (!found) return tl::make_unexpected(found.error());
  if (!is_member(*found)) return refused(protocol::Errno::kNotFound, no_such_group().message);
  return **found;
}

Outcome<std::optional<GroupAct::Member>> GroupAct::other(UserId user) {
  auto found = life_.member(state_.id, user);
  if (!found) return failed(found);
  return *found;
}

Outcome<std::string> GroupAct::name_of(UserId user) {
  if (user == actor_.user) return actor_.name;
  auto name = names_.name_of(user, connection_);
  if (!name) return failed(name);
  return *name ? **name : std::string();
}

// A user who joins by itself reads on from the event. One who was let in reads on from just before
// it, and so is told by the event, at its next login too.
Outcome<void> GroupAct::add_member(UserId user) {
  auto name = name_of(user);
  if (!name) return tl::make_unexpected(name.error());
  const bool by_itself = user == actor_.user;
  auto told = tell({.event = "joined", .by = actor_.user, .user = user},
                   by_itself ? *name + " joined" : actor_.name + " let " + *name + " join");
  if (!told) return told;
  const Seq joined_seq = by_itself ? state_.head : state_.head - 1;
  auto added = life_.add_member(state_.id, user, GroupRole::kNormal, joined_seq);
  if (!added) return failed(added);
  change_.members.push_back({user, *name, true, joined_seq});
  return {};
}

Outcome<void> GroupAct::end_member(UserId user) {
  auto name = name_of(user);
  if (!name) return tl::make_unexpected(name.error());
  const bool by_itself = user == actor_.user;
  auto told = tell({.event = by_itself ? "left" : "removed", .by = actor_.user, .user = user},
                   by_itself ? *name + " left" : actor_.name + " removed " + *name, user);
  if (!told) return told;
  change_.members.push_back({user, *name, false, 0});
  auto ended = life_.end_member(state_.id, user, state_.head);
  if (!ended) return failed(ended);
  auto erased = storage::JoinModel(connection_).erase_given(state_.id, user);
  if (!erased) return failed(erased);
  return {};
}

Outcome<void> GroupAct::set_role(UserId user, GroupRole role) {
  auto name = name_of(user);
  if (!name) return tl::make_unexpected(name.error());
  if (auto set = life_.set_role(state_.id, user, role); !set) return failed(set);
  return tell({.event = "role", .by = actor_.user, .user = user, .role = word_of(role)},
              role_text(actor_.name, *name, role));
}

// Two rows: first the new creator, then the former one, who becomes an admin.
Outcome<void> GroupAct::hand_over(UserId user) {
  auto given = set_role(user, GroupRole::kCreator);
  if (!given) return given;
  return set_role(actor_.user, GroupRole::kAdmin);
}

Outcome<void> GroupAct::mute(UserId user, std::int64_t seconds) {
  auto name = name_of(user);
  if (!name) return tl::make_unexpected(name.error());
  const UnixMillis until = seconds == 0 ? 0 : now_ + seconds * 1000;
  if (auto set = life_.mute(state_.id, user, until); !set) return failed(set);
  if (seconds == 0) {
    return tell({.event = "unmuted", .by = actor_.user, .user = user},
                actor_.name + " unmuted " + *name);
  }
  return tell({.event = "muted", .by = actor_.user, .user = user, .until = until},
              actor_.name + " muted " + *name + " for " + duration_text(seconds));
}

Outcome<void> GroupAct::mute_all(std::int64_t seconds) {
  const UnixMillis until = seconds == 0 ? 0 : now_ + seconds * 1000;
  if (auto set = life_.mute_all(state_.id, until); !set) return failed(set);
  state_.muted_until = until;
  if (seconds == 0) {
    return tell({.event = "unmuted", .by = actor_.user}, actor_.name + " unmuted everybody");
  }
  return tell({.event = "muted", .by = actor_.user, .until = until},
              actor_.name + " muted everybody for " + duration_text(seconds));
}

Outcome<bool> GroupAct::change_settings(const storage::Group& changed) {
  auto written = life_.change_settings(state_, changed);
  if (!written) return failed(written);
  if (!*written) return false;
  auto renamed =
      storage::SearchModel(connection_).rename_group(state_.id, state_.name, changed.name);
  if (!renamed) return failed(renamed);
  Notice notice{.event = "settings", .by = actor_.user};
  if (changed.name != state_.name) notice.groupname = changed.name;
  if (changed.desc != state_.desc) notice.groupdesc = changed.desc;
  if (changed.announcement != state_.announcement) notice.announcement = changed.announcement;
  if (changed.joining != state_.joining) notice.joining = word_of(changed.joining);
  auto told = tell(notice, settings_text(actor_.name, notice));
  if (!told) return tl::make_unexpected(told.error());
  static_cast<storage::Group&>(state_) = changed;
  return true;
}

Outcome<void> GroupAct::dismiss() {
  if (auto done = life_.dismiss(state_, now_); !done) return failed(done);
  state_.dismissed = true;
  return tell({.event = "dismissed", .by = actor_.user}, actor_.name + " dismissed this group");
}

Outcome<void> GroupAct::leave_for_good() {
  const auto self = other(actor_.user);
  if (!self) return tl::make_unexpected(self.error());
  if (!is_member(*self)) return {};
  if ((*self)->role == GroupRole::kCreator && !state_.dismissed) {
    const auto heir = life_.heir(state_.id, actor_.user);
    if (!heir) return failed(heir);
    auto settled = *heir ? set_role(**heir, GroupRole::kCreator) : dismiss();
    if (!settled) return settled;
  }
  return end_member(actor_.user);
}

Outcome<void> GroupAct::tell(const Notice& notice, std::string text, UserId ended) {
  storage::GroupMessage event;
  event.body = std::move(text);
  event.kind = "notice";
  protocol::JsonWriter json(event.extra);
  protocol::write_value(json, notice);
  event.ended = ended;
  return append(std::move(event));
}

Outcome<storage::GroupMessage> GroupAct::revise(std::string_view kind, Seq ref, std::string fields,
                                                std::string text) {
  storage::GroupMessage event;
  event.body = std::move(text);
  event.kind = kind;
  event.extra = std::move(fields);
  event.ref = ref;
  if (auto stored = append(std::move(event)); !stored) return tl::make_unexpected(stored.error());
  return change_.events.back();
}

Outcome<void> GroupAct::append(storage::GroupMessage event) {
  event.sender = actor_.user;
  event.cid = change_.events.empty() ? actor_.cid : new_act_cid();
  if (auto stored = life_.append(state_, event, now_); !stored) return failed(stored);
  change_.events.push_back(std::move(event));
  return {};
}

Outcome<void> check_in_group(Action action, const Standing& standing) {
  if (auto refusal = authorize_in_group(action, standing)) {
    return tl::make_unexpected(Fault(std::move(*refusal)));
  }
  return {};
}

}  // namespace chat::service
