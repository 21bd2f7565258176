#include "client/check/party.h"

#include <fmt/format.h>

#include <algorithm>

#include "chat/protocol/errors.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/protocol/messages/list_messages.h"
#include "client/core/wire/request_json.h"
#include "client/load/account.h"

namespace chat::client::check {

using protocol::encode_request;
using protocol::Errno;
using protocol::Msgid;
namespace messages = protocol::messages;

Party::Party(Kind kind, std::size_t members, std::uint32_t first_stream, std::string name)
    : kind_(kind), first_stream_(first_stream), name_(std::move(name)), members_(members) {
  const std::size_t streams = pair() ? members : 1;
  for (std::size_t i = 0; i < streams; ++i) ledgers_.emplace_back(members);
  // The members' joins are the first rows of a group's stream.
  if (!pair()) ledgers_[0].begin(static_cast<Seq>(members) - 1);
}

void Party::set_handler(std::size_t member, load::Poller::Handler& handler) {
  members_[member].handler = &handler;
}

std::vector<load::Poller::Handler*> Party::handlers() const {
  std::vector<load::Poller::Handler*> out;
  for (const Member& member : members_) out.push_back(member.handler);
  return out;
}

void Party::logged_in(std::size_t member, UserId id, bool fresh) {
  members_[member].id = id;
  members_[member].fresh = fresh;
  const bool nobody_wrote =
      std::any_of(members_.begin(), members_.end(), [](const Member& each) { return each.fresh; });
  if (pair() && nobody_wrote) bases_known_ = true;
}

bool Party::everyone_known() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const Member& member) { return static_cast<bool>(member.id); });
}

bool Party::prepared(std::size_t member) const {
  return pair() ? everyone_known() && bases_known_ : members_[member].joined;
}

std::optional<Party::Step> Party::next(std::size_t member, std::string_view cid) const {
  const UserId self = members_[member].id;
  if (prepared(member)) return std::nullopt;
  if (pair()) {
    if (member != 0 || !everyone_known()) return std::nullopt;
    const Target with{members_[1].id, {}};
    return Step{{.request = Msgid::kHistory, .target = with},
                encode_request(
                    request::history(with, static_cast<int>(protocol::kHistoryMax), cursor_), cid)};
  }
  if (group_) {
    return Step{{.request = Msgid::kAddGroup},
                encode_request(messages::AddGroup{.sender = self, .groupid = group_}, cid)};
  }
  if (member != 0) return std::nullopt;
  const std::string name =
      fmt::format("{}{}", name_, attempts_ == 0 ? "" : fmt::format("-{}", attempts_));
  return Step{{.request = Msgid::kCreateGroup, .name = name},
              encode_request(
                  messages::CreateGroup{.sender = self, .groupname = name, .groupdesc = ""}, cid)};
}

bool Party::take(std::size_t member, const Event& answer) {
  if (const auto* created = answer.as<event::GroupCreated>()) {
    group_ = created->id;
    members_[member].joined = true;
  } else if (answer.as<event::GroupJoined>()) {
    members_[member].joined = true;
  } else if (const auto* history = answer.as<event::History>()) {
    take_history(*history);
  } else if (const auto* refused = answer.as<event::Refused>()) {
    if (static_cast<Errno>(refused->code) != Errno::kExists) return load::is_temporary(*refused);
    // Already done, by a request whose answer was lost. If that created the group, its id is
    // unknown.
    if (group_) members_[member].joined = true;
    if (!group_) ++attempts_;
  }
  return true;
}

// Newest last: the last message of each direction is the head of that stream.
void Party::take_history(const event::History& page) {
  for (auto message = page.messages.rbegin(); message != page.messages.rend(); ++message) {
    auto& base = bases_[message->from == members_[0].id ? 0 : 1];
    if (!base) base = message->seq;
  }
  cursor_ = page.cursor;
  if (!cursor_.empty() && !(bases_[0] && bases_[1])) return;
  for (std::size_t i = 0; i < 2; ++i) ledgers_[i].begin(bases_[i].value_or(0));
  bases_known_ = true;
}

Target Party::target(std::size_t member) const {
  return pair() ? Target{members_[1 - member].id, {}} : Target{{}, group_};
}

Mark Party::mark(std::size_t member, std::uint32_t number) const {
  return {first_stream_ + static_cast<std::uint32_t>(stream_of(member)),
          static_cast<std::uint32_t>(sender_number(member)), number};
}

bool Party::is_old(std::size_t member, const event::Message& message) const {
  if (members_[member].fresh) return false;
  if (!prepared(member) || message.group != group_) return true;
  if (!pair()) return false;
  return message.from != members_[1 - member].id || message.seq <= ledgers_[1 - member].base();
}

bool Party::fits(std::size_t member, const Mark& mark, const event::Message& message) const {
  const std::size_t sender = pair() ? 1 - member : mark.sender;
  return sender < members_.size() && message.from == members_[sender].id &&
         message.group == group_ && this->mark(sender, mark.number) == mark;
}

Ledger::Step Party::delivered(std::size_t member, const std::string& run,
                              const event::Message& message) {
  if (message.notice) return {};
  const auto mark = read_text(run, message.text);
  if (!mark && is_old(member, message)) return {};
  if (!mark || !fits(member, *mark, message) || message.cid != cid_of(run, mark->number)) {
    ++unexpected_;
    return {};
  }
  Ledger& ledger = ledgers_[mark->stream - first_stream_];
  return ledger.delivered(pair() ? 1 : member, {mark->sender, mark->number, message.seq});
}

bool Party::settled() const {
  return std::all_of(ledgers_.begin(), ledgers_.end(),
                     [](const Ledger& ledger) { return ledger.settled(); });
}

void Party::add_totals(Verdict& to) const {
  for (const Ledger& ledger : ledgers_) {
    to.sent += ledger.so_far().sent;
    to.acked += ledger.so_far().acked;
    to.delivered += ledger.so_far().delivered;
  }
}

Verdict Party::verdict() const {
  Verdict out;
  for (const Ledger& ledger : ledgers_) out += ledger.verdict();
  out.unexpected += unexpected_;
  return out;
}

}  // namespace chat::client::check
