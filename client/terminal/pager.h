#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "chat/base/ids.h"
#include "client/core/event.h"
#include "client/core/pending.h"

namespace chat::client {

// An answer in pages: the first one, and those that /more asks for.
class Pager {
 public:
  // Asks for the page at a cursor; empty: the first one.
  using Read = std::function<Answer(const std::string& cursor)>;

  void begin(UserId reader, Read read) {
    reader_ = reader;
    read_ = std::move(read);
    next_.clear();
  }
  // The pages are not for another user.
  bool has_more(UserId reader) const { return reader == reader_ && !next_.empty(); }
  // After begin(), or if has_more(). If the answer is no page, the same one can be asked for again.
  Answer next() {
    Answer answer = read_(next_);
    if (auto cursor = cursor_of(answer.event)) next_ = std::move(*cursor);
    return answer;
  }

 private:
  static std::optional<std::string> cursor_of(const Event& event) {
    if (const auto* page = event.as<event::History>()) return page->cursor;
    if (const auto* page = event.as<event::Inbox>()) return page->cursor;
    if (const auto* page = event.as<event::Readers>()) return page->cursor;
    if (const auto* page = event.as<event::UsersFound>()) return page->cursor;
    if (const auto* page = event.as<event::GroupsFound>()) return page->cursor;
    return std::nullopt;
  }

  UserId reader_{};
  Read read_;
  std::string next_;  // the cursor of the next page; empty: there is none
};

}  // namespace chat::client
