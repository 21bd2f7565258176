#include "client_view.h"

#include <algorithm>
#include <utility>

namespace chat::test {
namespace {

constexpr int kGroupChat = 10;
constexpr int kRecall = 50;

std::int64_t author_in(Place place, std::int64_t sender) {
  return place.first ? 0 : sender;
}

// When the user's membership ended; 0: it did not. Nobody is told what becomes of messages later.
std::int64_t end_of_membership(const Rows& history, std::int64_t user) {
  if (history.empty()) return 0;
  const Json& last = history.back();
  const std::string event = last.value("event", "");
  const bool ends = (event == "left" || event == "removed") && last.at("user") == user;
  return ends ? last.at("ts").get<std::int64_t>() : 0;
}

bool changed_since(const Json& stored, std::int64_t time) {
  return time != 0 && std::max(stored.value("edited", std::int64_t{0}),
                               stored.value("recalled", std::int64_t{0})) >= time;
}

bool is_notice_of(const Json& message, std::int64_t user) {
  return message.value("kind", "") == "notice" && message.at("id") == user;
}

}  // namespace

Place ClientView::place_of(const Json& push) const {
  if (push.at("msgid") == kGroupChat) return {true, push.at("groupid")};
  const std::int64_t sender = push.at("id");
  return {false, sender == user_ ? push.at("toid") : push.at("id")};
}

ClientView::Key ClientView::key_of(Place place, const Json& message) {
  return {place, author_in(place, message.at("id")), message.at("seq")};
}

void ClientView::take(const Json& push) {
  const Place place = place_of(push);
  const auto [found, is_new] = rows_.try_emplace(key_of(place, push), Row{push, true});
  if (!is_new && repeats_ == Repeats::kDrop && found->second.whole) return;
  found->second = {push, true};
  const std::string kind = push.value("kind", "");
  if (kind == "edit") apply_edit(place, push);
  if (kind == "recall") apply_recall(place, push.at("id"), push.at("ref"), push.at("ts"));
}

void ClientView::sent(const Json& request, const Json& reply) {
  const bool group = request.at("msgid") == kGroupChat;
  const Place place{group, request.at(group ? "groupid" : "toid")};
  Json message = request;
  message.erase("name");
  message.erase("time");
  message["id"] = user_;
  message["seq"] = reply.at("seq");
  message["ts"] = reply.at("ts");
  rows_.try_emplace(key_of(place, message), Row{message, false});
}

void ClientView::revised(const Json& request, const Json& reply) {
  const bool group = request.contains("groupid");
  const Place place{group, request.at(group ? "groupid" : "toid")};
  const bool recalls = request.at("msgid") == kRecall;
  if (reply.at("seq") == request.at("seq")) return;  // it had this text from the beginning
  Json event{{"id", user_},
             {"seq", reply.at("seq")},
             {"ts", reply.at("ts")},
             {"kind", recalls ? "recall" : "edit"},
             {"ref", request.at("seq")}};
  const auto target = rows_.find({place, author_in(place, user_), request.at("seq")});
  if (!recalls) {
    event["msg"] = request.at("msg");
    const bool known = target != rows_.end();
    event["rev"] = known ? target->second.message.value("rev", 0) + 1 : 1;
  }
  if (!rows_.try_emplace(key_of(place, event), Row{event, false}).second) return;
  if (recalls) return apply_recall(place, user_, request.at("seq"), reply.at("ts"));
  apply_edit(place, event);
}

// The edits of the message lose their text, too.
void ClientView::apply_recall(Place place, std::int64_t author, std::int64_t ref, const Json& at) {
  const std::int64_t stream = author_in(place, author);
  for (auto row = rows_.lower_bound({place, stream, ref});
       row != rows_.end() && std::get<0>(row->first) == place && std::get<1>(row->first) == stream;
       ++row) {
    Json& message = row->second.message;
    const bool is_target = std::get<2>(row->first) == ref;
    const bool is_edit = message.value("kind", "") == "edit" && message.value("ref", 0) == ref;
    if (!is_target && !is_edit) continue;
    message["msg"] = "";
    message["recalled"] = at;
    if (!is_target) continue;
    message.erase("edited");
    message.erase("rev");
  }
}

void ClientView::apply_edit(Place place, const Json& event) {
  const auto target =
      rows_.find({place, author_in(place, event.at("id")), event.at("ref").get<std::int64_t>()});
  if (target == rows_.end() || event.contains("recalled")) return;
  Json& message = target->second.message;
  const std::int64_t rev = event.at("rev");
  if (message.contains("recalled") || message.value("rev", 0) >= rev) return;
  message["msg"] = event.at("msg");
  message["edited"] = event.at("ts");
  message["rev"] = rev;
}

std::string ClientView::difference(Place place, const Rows& history, Own own) const {
  std::size_t found = 0;
  const std::int64_t end = end_of_membership(history, user_);
  for (const Json& stored : history) {
    const auto row = rows_.find(key_of(place, stored));
    if (row != rows_.end()) {
      ++found;
      if (changed_since(stored, end)) continue;
      if (std::string what = difference(row->second, stored); !what.empty()) return what;
      continue;
    }
    const bool is_own = stored.at("id") == user_ && own == Own::kUnknown;
    if (!is_own && !is_notice_of(stored, user_)) return "not shown: " + stored.dump();
  }
  // The last message that HISTORY does not return any more.
  std::int64_t before = -1;
  if (place.first) before = history.empty() ? INT64_MAX : history.front().at("seq").get<int>() - 1;
  const auto newer = [&](const auto& row) {
    return std::get<0>(row.first) == place && std::get<2>(row.first) > before;
  };
  const auto shown = static_cast<std::size_t>(std::ranges::count_if(rows_, newer));
  if (shown == found) return "";
  return std::to_string(shown) + " messages are shown, HISTORY has " + std::to_string(found) +
         " of them";
}

std::string ClientView::difference(const Row& shown, const Json& stored) const {
  Json message = shown.message;
  // The account was deleted.
  if (stored.value("name", "") == "" && message.contains("name")) message["name"] = "";
  bool same = !shown.whole || message == stored;
  for (const auto& [field, value] : message.items()) {
    same = same && stored.contains(field) && stored.at(field) == value;
  }
  for (const char* field : {"kind", "recalled", "edited", "rev"}) {
    same = same && message.contains(field) == stored.contains(field);
  }
  return same ? "" : "shown: " + message.dump() + "; HISTORY: " + stored.dump();
}

bool ClientView::shows(const std::string& text) const {
  return std::ranges::any_of(
      rows_, [&](const auto& row) { return row.second.message.value("msg", "") == text; });
}

}  // namespace chat::test
