#include "faults/nemesis/judge.h"

#include <algorithm>
#include <utility>

namespace chat::test::nemesis {
namespace {

std::string name_of(const Stream& stream) {
  if (stream.group) return "group " + std::to_string(stream.target);
  return std::to_string(stream.sender) + " → " + std::to_string(stream.target);
}

}  // namespace

std::size_t Judge::sent(std::int64_t sender, bool group, std::int64_t target, Time now, Json more) {
  const Stream stream{group, target, group ? 0 : sender};
  messages_.push_back(
      {stream, sender, now, std::nullopt, 0, false, std::nullopt, 0, std::move(more)});
  return messages_.size() - 1;
}

std::string Judge::cid_of(std::size_t number) const {
  return run_ + "-" + std::to_string(number);
}

std::string Judge::text_of(std::size_t number) const {
  return "message " + std::to_string(number) + " of run " + run_;
}

std::optional<std::size_t> Judge::number_of(const std::string& cid) const {
  if (!cid.starts_with(run_ + "-")) return std::nullopt;
  const std::string digits = cid.substr(run_.size() + 1);
  if (digits.empty() || digits.size() > 12 ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  const std::size_t number = std::stoull(digits);
  if (number >= messages_.size()) return std::nullopt;
  return number;
}

std::string Judge::describe(std::size_t number) const {
  const Message& message = messages_.at(number);
  return "message " + std::to_string(number) + " (" + name_of(message.stream) + ", sender " +
         std::to_string(message.sender) + ", seq " + std::to_string(message.seq) + ")";
}

void Judge::violation(const std::string& promise, const std::string& what) {
  constexpr std::size_t kMost = 30;
  if (violations_.size() < kMost) violations_.push_back(promise + ": " + what);
}

void Judge::take_seq(std::size_t number, std::int64_t seq, const std::string& where) {
  Message& message = messages_.at(number);
  if (message.refused) {
    violation("P5", describe(number) + " was refused for good and is " + where);
  }
  if (message.seq == 0) message.seq = seq;
  if (message.seq != seq) {
    violation("P1",
              describe(number) + " is " + where + " under a second seq, " + std::to_string(seq));
    return;
  }
  const auto [place, is_new] = places_[message.stream].try_emplace(seq, number);
  if (!is_new && place->second != number) {
    violation("P4",
              describe(number) + " is " + where + " under the seq of " + describe(place->second));
  }
}

void Judge::acked(std::size_t number, std::int64_t seq, Time now) {
  take_seq(number, seq, "acknowledged");
  Message& message = messages_.at(number);
  if (message.acked_at) return;
  message.acked_at = now;
  ++acknowledged_;
  for (const std::int64_t user : recipients(message)) expect_at(number, user);
}

// Who must surely be pushed the message; nobody in a club.
std::set<std::int64_t> Judge::recipients(const Message& message) const {
  if (!message.stream.group) return {message.stream.target};
  std::set<std::int64_t> users;
  if (clubs_.contains(message.stream.target)) return users;
  for (const auto& [key, membership] : memberships_) {
    const auto& [user, group] = key;
    if (group != message.stream.target || user == message.sender) continue;
    if (membership.member_since && *membership.member_since <= message.sent_at) users.insert(user);
  }
  return users;
}

void Judge::revised(const Revision& revision, std::int64_t seq, Time now) {
  revisions_.confirmed(revision);
  const Message& message = messages_.at(revision.message);
  if (seq == message.seq) return;
  for (const std::int64_t user : recipients(message)) {
    const auto found = inboxes_.find({user, message.stream});
    if (found != inboxes_.end() && found->second.seqs.contains(seq)) continue;
    awaited_events_[user].emplace(std::pair{message.stream, seq}, now);
  }
}

void Judge::expect_at(std::size_t number, std::int64_t user) {
  const Message& message = messages_.at(number);
  const auto found = inboxes_.find({user, message.stream});
  if (found != inboxes_.end() && found->second.seqs.contains(message.seq)) return;
  awaited_[user].emplace(number, *message.acked_at);
}

void Judge::refused(std::size_t number, const std::string& error) {
  Message& message = messages_.at(number);
  violation(error == "conflict" ? "P3" : "P10", describe(number) + " was refused: " + error);
  message.refused = true;
}

void Judge::wired(std::size_t number, Time now, std::int64_t from_head) {
  Message& message = messages_.at(number);
  if (message.wired_at) return;
  message.wired_at = now;
  message.from_head = from_head;
}

void Judge::pushed(std::int64_t user, const Json& push, bool counts) {
  if (push.contains("kind")) return pushed_event(user, push, counts);
  const auto number = number_of(push.value("cid", ""));
  const bool group = push.at("msgid") == 10;
  if (!number) {
    return violation("P1", "user " + std::to_string(user) +
                               " got what nobody sent: " + push.dump().substr(0, 200));
  }
  const std::int64_t target = group ? push.at("groupid") : push.at("toid");
  if (!is_as_sent(user, *number, push)) {
    return violation("P1", "user " + std::to_string(user) + " got " + describe(*number) +
                               " changed or by mistake: " + push.dump().substr(0, 200));
  }
  take_seq(*number, push.at("seq"), "delivered");
  if (group) {
    const auto found = memberships_.find({user, target});
    const Message& message = messages_[*number];
    if (found == memberships_.end() ||
        (message.acked_at && *message.acked_at < found->second.asked_at)) {
      violation("join", "user " + std::to_string(user) + " got " + describe(*number) +
                            " from before joining");
    }
  }
  if (counts) take_in_order(user, *number);
}

bool Judge::is_as_sent(std::int64_t user, std::size_t number, const Json& push) const {
  const Message& message = messages_.at(number);
  const bool group = push.at("msgid") == 10;
  const std::int64_t target = push.at(group ? "groupid" : "toid");
  for (const char* field : {"reply", "at", "at_all"}) {
    if (push.value(field, Json()) != message.more.value(field, Json())) return false;
  }
  return message.stream.group == group && message.stream.target == target &&
         message.sender == push.at("id") && (group || target == user) &&
         !(group && message.sender == user) &&
         revisions_.may_show(number, text_of(number), push.at("msg"), push.contains("recalled"));
}

void Judge::pushed_event(std::int64_t user, const Json& push, bool counts) {
  const bool group = push.at("msgid") == 10;
  const std::int64_t sender = push.at("id");
  const Stream stream{group, push.at(group ? "groupid" : "toid"), group ? 0 : sender};
  if (push.at("kind") != "notice") pushed_revision(user, stream, push);
  if (!counts) return;
  Inbox& inbox = inboxes_[{user, stream}];
  const std::int64_t seq = push.at("seq");
  awaited_events_[user].erase({stream, seq});
  if (!inbox.seqs.insert(seq).second) return;  // pushed again
  if (seq <= inbox.last || (!group && seq > inbox.last + 1)) {
    violation("P4", "user " + std::to_string(user) + " got the event " + std::to_string(seq) +
                        " of " + name_of(stream) + " after seq " + std::to_string(inbox.last) +
                        ": " + push.dump().substr(0, 200));
  }
  inbox.last = std::max(inbox.last, seq);
}

void Judge::pushed_revision(std::int64_t user, const Stream& stream, const Json& push) {
  const auto& places = places_[stream];
  const auto target = places.find(push.at("ref"));
  const bool erased = push.at("kind") == "recall" || push.contains("recalled");
  const std::string text = push.at("kind") == "recall" ? "" : push.at("msg").get<std::string>();
  if (target == places.end() || messages_[target->second].sender != push.at("id") ||
      !revisions_.may_show(target->second, text_of(target->second), text, erased)) {
    violation("P1", "user " + std::to_string(user) +
                        " got a recall or an edit that nobody sent: " + push.dump().substr(0, 200));
  }
}

void Judge::take_in_order(std::int64_t user, std::size_t number) {
  const Message& message = messages_.at(number);
  Inbox& inbox = inboxes_[{user, message.stream}];
  awaited_[user].erase(number);
  if (!inbox.seqs.insert(message.seq).second) return;  // pushed again
  ++received_;
  if (message.seq <= inbox.last) {
    violation("P4", "user " + std::to_string(user) + " got " + describe(number) + " after seq " +
                        std::to_string(inbox.last));
  }
  // In a group, gaps may be the user's own messages, which are checked at the end.
  if (!message.stream.group && message.seq > inbox.last + 1) {
    violation("P4", "user " + std::to_string(user) + " got " + describe(number) +
                        " and misses what is after seq " + std::to_string(inbox.last));
  }
  inbox.last = std::max(inbox.last, message.seq);
}

void Judge::asked_to_join(std::int64_t user, std::int64_t group, Time now) {
  memberships_.try_emplace({user, group}, Membership{now, std::nullopt});
}

void Judge::joined(std::int64_t user, std::int64_t group, Time now) {
  asked_to_join(user, group, now);
  Membership& membership = memberships_.at({user, group});
  if (!membership.member_since) membership.member_since = now;
}

bool Judge::is_member(std::int64_t user, std::int64_t group) const {
  const auto found = memberships_.find({user, group});
  return found != memberships_.end() && found->second.member_since.has_value();
}

bool Judge::has_everything(std::int64_t user) const {
  const auto found = awaited_.find(user);
  const auto events = awaited_events_.find(user);
  return (found == awaited_.end() || found->second.empty()) &&
         (events == awaited_events_.end() || events->second.empty());
}

std::optional<std::string> Judge::overdue(std::int64_t user, Time since, Time now,
                                          milliseconds bound) const {
  const auto waits = [&](Time told) {
    return std::chrono::duration_cast<milliseconds>(now - std::max(told, since));
  };
  const std::string who = "user " + std::to_string(user) + " still misses ";
  if (const auto found = awaited_.find(user); found != awaited_.end()) {
    for (const auto& [number, acked_at] : found->second) {
      if (waits(acked_at) <= bound) continue;
      return who + describe(number) + " after " + std::to_string(waits(acked_at).count()) +
             " ms, and " + std::to_string(found->second.size() - 1) + " others";
    }
  }
  if (const auto found = awaited_events_.find(user); found != awaited_events_.end()) {
    for (const auto& [place, told] : found->second) {
      if (waits(told) <= bound) continue;
      return who + "the recall or edit " + std::to_string(place.second) + " of " +
             name_of(place.first) + " after " + std::to_string(waits(told).count()) + " ms";
    }
  }
  return std::nullopt;
}

void Judge::compare_with_tables(
    const std::vector<StoredMessage>& rows,
    const std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>& joined_seqs) {
  std::map<Stream, std::int64_t> heads;
  for (const StoredMessage& row : rows) {
    std::int64_t& head = heads[row.stream];
    if (row.seq != head + 1) {
      violation("P4", name_of(row.stream) + " has seq " + std::to_string(row.seq) + " after " +
                          std::to_string(head) + " in the table");
    }
    head = row.seq;
    judge_row(row);
  }
  for (std::size_t number = 0; number < messages_.size(); ++number) {
    const Message& message = messages_[number];
    const bool is_stored = message.seq != 0 && heads[message.stream] >= message.seq;
    if (message.acked_at && !is_stored) {
      violation("P1", describe(number) + " was acknowledged and is not in the table");
    }
  }
  for (const auto& [key, joined_seq] : joined_seqs) {
    const auto& [user, group] = key;
    const auto found = inboxes_.find({user, Stream{true, group, 0}});
    if (found == inboxes_.end() || found->second.seqs.empty() || clubs_.contains(group)) continue;
    if (*found->second.seqs.begin() <= joined_seq) {
      violation("join", "user " + std::to_string(user) + " got seq " +
                            std::to_string(*found->second.seqs.begin()) + " of group " +
                            std::to_string(group) + " and joined after seq " +
                            std::to_string(joined_seq));
    }
  }
  for (const auto& [key, inbox] : inboxes_) {
    const auto& [user, stream] = key;
    if (!stream.group || inbox.seqs.empty() || clubs_.contains(stream.target)) continue;
    for (std::int64_t seq = *inbox.seqs.begin(); seq < inbox.last; ++seq) {
      const auto place = places_[stream].find(seq);
      const auto event = events_[stream].find(seq);
      const bool own =
          (place != places_[stream].end() && messages_[place->second].sender == user) ||
          (event != events_[stream].end() && event->second == user);
      if (inbox.seqs.contains(seq) || own) continue;
      violation("P4", "user " + std::to_string(user) + " never got seq " + std::to_string(seq) +
                          " of " + name_of(stream) +
                          (event != events_[stream].end()
                               ? ", an event by " + std::to_string(event->second)
                               : std::string()));
    }
  }
}

void Judge::judge_row(const StoredMessage& row) {
  if (!row.kind.empty()) return judge_event(row);
  const auto number = number_of(row.cid);
  if (!number || messages_[*number].stream != row.stream ||
      messages_[*number].sender != row.sender) {
    return violation("P1", "nobody sent what is stored as seq " + std::to_string(row.seq) + " of " +
                               name_of(row.stream));
  }
  take_seq(*number, row.seq, "stored");
  const bool recalled = row.extra.contains("recalled");
  if (!revisions_.may_be(*number, text_of(*number), row.text, recalled)) {
    violation("revision", describe(*number) + " is stored as \"" + row.text + "\"" +
                              (recalled ? ", recalled" : ""));
  }
}

// Each recall and each edit is stored once.
void Judge::judge_event(const StoredMessage& row) {
  events_[row.stream][row.seq] = row.sender;
  if (row.kind == "notice") return;
  const std::string where = "seq " + std::to_string(row.seq) + " of " + name_of(row.stream);
  const std::int64_t ref = row.extra.value("ref", std::int64_t{0});
  const auto target = places_[row.stream].find(ref);
  if (target == places_[row.stream].end()) {
    return violation("revision", where + " is a " + row.kind + " of no message");
  }
  const std::string original = text_of(target->second);
  const bool recalled = revisions_.is_recalled(target->second);
  const bool shows = row.kind == "edit" && !row.text.empty();
  if (shows && (recalled || !revisions_.may_show(target->second, original, row.text, false))) {
    violation("revision", where + " shows \"" + row.text + "\"");
  }
  const std::string what = row.kind + " of " + describe(target->second) + ": " + row.text;
  if ((shows || row.kind == "recall") && !stored_revisions_.insert(what).second) {
    violation("revision", where + " is stored twice: " + what);
  }
}

void Judge::compare_history(std::int64_t user, const std::vector<StoredMessage>& shown,
                            const std::vector<StoredMessage>& stored) {
  std::map<std::pair<Stream, std::int64_t>, std::string> wanted;
  for (const StoredMessage& row : stored) wanted[{row.stream, row.seq}] = row.text;
  std::map<std::pair<Stream, std::int64_t>, std::string> seen;
  for (const StoredMessage& row : shown) {
    if (!seen.try_emplace({row.stream, row.seq}, row.text).second) {
      violation("history", "user " + std::to_string(user) + " is shown seq " +
                               std::to_string(row.seq) + " of " + name_of(row.stream) + " twice");
    }
  }
  for (const auto& [key, text] : wanted) {
    const auto found = seen.find(key);
    if (found != seen.end() && found->second == text) continue;
    violation("history", "user " + std::to_string(user) + " is not shown seq " +
                             std::to_string(key.second) + " of " + name_of(key.first));
  }
  if (seen.size() > wanted.size()) {
    violation("history", "user " + std::to_string(user) + " is shown more than is stored");
  }
}

}  // namespace chat::test::nemesis
