#include "integration/messages/random_run/history_copy.h"

#include <algorithm>
#include <utility>

namespace chat::test {
namespace {

constexpr int kFirstPage = 8;
constexpr int kPage = 100;

bool mentions(const Json& message, std::int64_t user) {
  if (message.contains("at_all")) return message.at("at_all") == true;
  if (!message.contains("at")) return false;
  const Json& at = message.at("at");
  return std::find(at.begin(), at.end(), user) != at.end();
}

bool same_row(const Json& one, const Json& other) {
  return one.at("seq") == other.at("seq") &&
         (one.at("msgid") == 10 || one.at("id") == other.at("id"));
}

Rows::const_iterator find_row(const Rows& rows, const Json& wanted) {
  const auto found = std::find_if(rows.rbegin(), rows.rend(),
                                  [&](const Json& row) { return same_row(row, wanted); });
  return found == rows.rend() ? rows.end() : std::prev(found.base());
}

// Calls `page` with each page, newest first, until it returns false.
void read_pages(const HistoryCopy::Ask& ask, Place place, int limit,
                const std::function<bool(Rows)>& page) {
  Json request = history_request(place, limit);
  for (;;) {
    const Json reply = ask(request);
    if (reply.at("errno") != 0) return;  // never in the group
    const bool goes_on = page(reply.at("messages").get<Rows>());
    if (!goes_on || !reply.contains("cursor")) return;
    request["cursor"] = reply.at("cursor");
    request["limit"] = kPage;
  }
}

}  // namespace

Json history_request(Place place, int limit) {
  return {{"msgid", 25}, {"limit", limit}, {place.first ? "groupid" : "with", place.second}};
}

bool counts(const Json& message) {
  const auto kind = message.find("kind");
  return kind == message.end() || *kind == "file";
}

void HistoryCopy::update(const Ask& ask) {
  Rows newest;
  bool joins = false;
  read_pages(ask, place_, kFirstPage, [&](Rows page) {
    newest.insert(newest.begin(), std::make_move_iterator(page.begin()),
                  std::make_move_iterator(page.end()));
    joins = reaches_back(newest);
    return !joins;
  });
  auto end = joins ? find_row(rows_, newest.front()) : rows_.begin();
  rows_.erase(end, rows_.end());
  rows_.insert(rows_.end(), std::make_move_iterator(newest.begin()),
               std::make_move_iterator(newest.end()));
  counted_read_ = -1;
}

// True if the copy continues before these rows, and they contain all that has changed.
bool HistoryCopy::reaches_back(const Rows& newest) const {
  if (newest.empty() || find_row(rows_, newest.front()) == rows_.end()) return false;
  for (const Json& row : newest) {
    const std::string kind = row.value("kind", "");
    if (kind != "recall" && kind != "edit") continue;
    if (find_row(rows_, row) != rows_.end()) continue;
    Json target = row;
    target["seq"] = row.at("ref");
    if (find_row(newest, target) == newest.end()) return false;
  }
  return true;
}

std::string HistoryCopy::read_again(const Ask& ask) {
  Rows all;
  read_pages(ask, place_, kPage, [&](Rows page) {
    all.insert(all.begin(), std::make_move_iterator(page.begin()),
               std::make_move_iterator(page.end()));
    return true;
  });
  std::string wrong;
  if (all.size() != rows_.size()) {
    wrong = std::to_string(rows_.size()) + " rows were known of " + std::to_string(all.size());
  }
  for (std::size_t i = 0; i < all.size() && wrong.empty(); ++i) {
    if (rows_[i] != all[i]) wrong = "known: " + rows_[i].dump() + "; HISTORY: " + all[i].dump();
  }
  rows_ = std::move(all);
  counted_read_ = -1;
  return wrong;
}

void HistoryCopy::forget() {
  rows_.clear();
  counted_read_ = -1;
}

const HistoryCopy::Counted& HistoryCopy::count(std::int64_t read) {
  if (counted_read_ == read) return counted_;
  counted_ = {};
  const Json* last = nullptr;
  for (const Json& message : rows_) {
    if (!counts(message)) continue;
    last = &message;
    if (message.at("id") == user_) {
      counted_.unread = 0;
      counted_.mentions = 0;
    } else if (message.at("seq") > read) {
      ++counted_.unread;
      if (mentions(message, user_)) ++counted_.mentions;
    }
  }
  if (last != nullptr) counted_.last = *last;
  counted_read_ = read;
  return counted_;
}

}  // namespace chat::test
