// What the commands that read messages do.
//
// A conversation with unread messages that have never been on the screen begins with the first of
// them, as otherwise READ, which stands for everything before, would cover messages that nobody has
// seen. HISTORY reads backwards only: the unread messages are collected first, and then shown in
// parts.
// Programs get the pages as they are.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chat/protocol/limits.h"
#include "client/terminal/commands/command.h"
#include "client/terminal/terminal_client.h"

namespace chat::client::command {
namespace {

constexpr int kRecent = 10;
constexpr int kHistoryPage = static_cast<int>(protocol::kHistoryMax);
constexpr int kHistoryPagesMost = 10;      // read at once
constexpr std::size_t kUnreadAtOnce = 50;  // shown

const event::History* page_of(const Answer& answer) {
  return answer.event.as<event::History>();
}

Answer read_page(TerminalClient& client, const Target& target, int limit,
                 const std::string& cursor) {
  return client.session().request(request::history(target, limit, cursor),
                                  {.target = target, .command = "history", .quiet = true});
}

void put_before(std::vector<event::Message>& messages, const event::History& older) {
  messages.insert(messages.begin(), older.messages.begin(), older.messages.end());
}

// `asked`: a user who has asked for them is told if there are none, or the server refuses.
void show_newest(TerminalClient& client, const Target& target, int limit, bool asked) {
  client.show_pages("history", [&client, target, limit, asked](const std::string& cursor) {
    Answer answer = read_page(client, target, limit, cursor);
    auto* const page = std::get_if<event::History>(&answer.event.what);
    if (page != nullptr) {
      client.reads().shown(*page);
      if (page->cursor.empty()) client.reads().shown_all(target);
      page->left_unread = client.reads().hidden(target);
    }
    const bool is_empty = page == nullptr || page->messages.empty();
    const bool tells = answer.ok() || answer.event.as<event::Refused>();
    if (tells && (asked || !is_empty)) client.show(answer.event);
    return answer;
  });
}

void show_as_received(TerminalClient& client, const Target& target, int limit) {
  client.show_pages("history", [&client, target, limit](const std::string& cursor) {
    Answer answer = client.session().history(target, limit, cursor);
    const event::History* const page = page_of(answer);
    if (page != nullptr && client.on_terminal()) client.reads().shown(*page);
    return answer;
  });
}

// In a direct chat, whose other stream has its own numbers, a message of the other user.
bool is_in_stream(const event::Message& message, const Target& target) {
  return target.group || message.from == target.user;
}

// The messages from the first unread one on. Nothing if there are more than can be read at once, or
// the server does not answer.
std::optional<std::vector<event::Message>> read_unread(TerminalClient& client,
                                                       const Target& target) {
  const Seq seen = client.reads().seen_up_to(target);
  const auto is_seen = [&](const event::Message& each) {
    return is_in_stream(each, target) && each.seq <= seen;
  };
  std::vector<event::Message> out;
  std::string cursor;
  for (int pages = 0; pages < kHistoryPagesMost; ++pages) {
    const Answer answer = read_page(client, target, kHistoryPage, cursor);
    client.expect("history", answer);
    const event::History* const page = page_of(answer);
    if (page == nullptr) return std::nullopt;
    put_before(out, *page);
    cursor = page->cursor;
    const bool reached =
        std::any_of(page->messages.begin(), page->messages.end(), is_seen) || cursor.empty();
    if (!reached) continue;
    const UserId self = client.session().self();
    out.erase(out.begin(), std::find_if(out.begin(), out.end(), [&](const event::Message& each) {
                return is_in_stream(each, target) && each.seq > seen &&
                       event::counts_as_unread(each, self);
              }));
    return out;
  }
  return std::nullopt;
}

// Shows the unread messages, so many at once.
class UnreadParts {
 public:
  UnreadParts(TerminalClient& client, const Target& target, std::vector<event::Message> messages)
      : client_(client), target_(target), messages_(std::move(messages)) {}

  Answer operator()(const std::string& /*cursor*/) {
    const std::size_t end = std::min(begin_ + kUnreadAtOnce, messages_.size());
    const auto at = [this](std::size_t i) {
      return messages_.begin() + static_cast<std::ptrdiff_t>(i);
    };
    event::History part{.target = target_, .messages = {at(begin_), at(end)}, .cursor = ""};
    part.from_first_unread = true;
    client_.reads().shown(part);
    if (end == messages_.size()) {
      client_.reads().shown_all(target_);
    } else {
      part.cursor = "newer";
      client_.reads().shown_up_to(target_, last_in_stream(part));
      part.left_unread = std::count_if(at(end), messages_.end(), [this](const auto& each) {
        return event::counts_as_unread(each, client_.session().self());
      });
    }
    begin_ = end;
    Answer answer{Answer::Status::kOk, {std::move(part)}};
    client_.show(answer.event);
    return answer;
  }

 private:
  Seq last_in_stream(const event::History& part) const {
    Seq last = 0;
    for (const event::Message& each : part.messages) {
      if (is_in_stream(each, target_)) last = std::max(last, each.seq);
    }
    return last;
  }

  TerminalClient& client_;
  Target target_;
  std::vector<event::Message> messages_;
  std::size_t begin_ = 0;  // of the next part
};

}  // namespace

void show_conversation(TerminalClient& client, const Target& target) {
  const bool has_hidden = client.reads().hidden(target) > 0;
  if (!has_hidden && client.has_shown(target)) return;
  if (!client.for_people()) return show_as_received(client, target, kRecent);
  if (has_hidden) {
    auto unread = read_unread(client, target);
    if (unread && !unread->empty()) {
      return client.show_pages("history", UnreadParts(client, target, *std::move(unread)));
    }
    if (unread) client.reads().shown_all(target);  // they were deleted meanwhile
  }
  show_newest(client, target, kRecent, false);
}

void History::run(TerminalClient& client) const {
  if (!client.need_login("history")) return;
  const auto target = of ? client.find_target("history", *of) : client.need_current();
  if (!target) return;
  if (client.for_people()) return show_newest(client, *target, limit, true);
  show_as_received(client, *target, limit);
}

void More::run(TerminalClient& client) const {
  if (client.need_login("more")) client.show_next_page("more");
}

}  // namespace chat::client::command
