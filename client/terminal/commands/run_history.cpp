// What the commands that read messages do.
//
// People are shown what they can see. A page of HISTORY may hold only edits and recalls, which are
// not shown there, so earlier pages are read until there are enough messages. A conversation with
// unread messages that have never been on the screen begins with the first of them, as otherwise
// READ, which stands for everything before, would cover messages that nobody has seen. HISTORY
// reads backwards only: the unread messages are collected first, and then shown in parts.
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

int count_visible(const event::History& page) {
  return static_cast<int>(
      std::count_if(page.messages.begin(), page.messages.end(), event::shows_in_history));
}

// How many of the page's newest rows hold `visible` messages; 0 if there are no more than that.
int newest_rows(const Answer& answer, int visible) {
  const event::History* const page = page_of(answer);
  if (page == nullptr || count_visible(*page) <= visible) return 0;
  int rows = 0;
  for (auto each = page->messages.rbegin(); visible > 0; ++each, ++rows) {
    visible -= event::shows_in_history(*each) ? 1 : 0;
  }
  return rows;
}

// The newest messages, and with each further call those before them: each time `limit` that are
// visible, or as many as kHistoryPagesMost pages have. `asked`: a user who has asked for them is
// told if there are none, or the server refuses.
class NewestParts {
 public:
  NewestParts(TerminalClient& client, const Target& target, int limit, bool asked)
      : client_(client), target_(target), limit_(limit), asked_(asked) {}

  Answer operator()(const std::string& /*cursor*/) {
    Answer answer = collect();
    if (auto* const part = std::get_if<event::History>(&answer.event.what)) {
      client_.reads().shown(*part);
      if (part->cursor.empty()) client_.reads().shown_all(target_);
      part->left_unread = client_.reads().hidden(target_);
      if (asked_ || !part->messages.empty()) client_.show(answer.event);
    } else if (asked_ && answer.event.as<event::Refused>()) {
      client_.show(answer.event);
    }
    return answer;
  }

 private:
  // If nothing can be read, the answer of the server.
  Answer collect() {
    event::History part{.target = target_, .messages = {}, .cursor = ""};
    int missing = limit_;
    int wanted = limit_;
    for (int pages = 0; pages < kHistoryPagesMost && missing > 0; ++pages) {
      if (begun_ && cursor_.empty()) break;
      Answer answer = read_page(client_, target_, wanted, cursor_);
      // The rest is read again when it is asked for: by then some may be recalled.
      if (const int rows = newest_rows(answer, missing); rows > 0) {
        answer = read_page(client_, target_, rows, cursor_);
      }
      const event::History* const page = page_of(answer);
      if (page == nullptr && part.messages.empty()) return answer;
      if (page == nullptr) break;
      begun_ = true;
      cursor_ = page->cursor;
      put_before(part.messages, *page);
      const int visible = count_visible(*page);
      missing -= visible;
      // Where there are hardly any messages, a longer page ends the search sooner.
      wanted = visible > 0 ? std::max(missing, 1) : kHistoryPage;
    }
    part.cursor = cursor_;
    return {Answer::Status::kOk, {std::move(part)}};
  }

  TerminalClient& client_;
  Target target_;
  int limit_;
  bool asked_;
  bool begun_ = false;
  std::string cursor_{};  // of the server's next page
};

void show_newest(TerminalClient& client, const Target& target, int limit, bool asked) {
  client.show_pages("history", NewestParts(client, target, limit, asked));
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

// Shows the unread messages, so many at once. The next ones are read again when they are asked for:
// by then some may be recalled or edited, and more may have come.
class UnreadParts {
 public:
  UnreadParts(TerminalClient& client, const Target& target, std::vector<event::Message> messages)
      : client_(client), target_(target), messages_(std::move(messages)) {}

  Answer operator()(const std::string& cursor) {
    if (!cursor.empty()) {
      auto unread = read_unread(client_, target_);
      if (!unread) {
        Answer failure{Answer::Status::kNotSent, {event::Usage{"they cannot be read now"}}};
        client_.show(failure.event);
        return failure;
      }
      messages_ = *std::move(unread);
    }
    const auto at = [this](std::size_t i) {
      return messages_.begin() + static_cast<std::ptrdiff_t>(i);
    };
    const auto count_unread = [&](std::size_t from) {
      return std::count_if(at(from), messages_.end(), [this](const auto& each) {
        return event::counts_as_unread(each, client_.session().self());
      });
    };
    std::size_t end = std::min(kUnreadAtOnce, messages_.size());
    if (count_unread(end) == 0) end = messages_.size();
    event::History part{.target = target_, .messages = {at(0), at(end)}, .cursor = ""};
    part.from_first_unread = true;
    client_.reads().shown(part);
    if (end == messages_.size()) {
      client_.reads().shown_all(target_);
    } else {
      part.cursor = "newer";
      client_.reads().shown_up_to(target_, last_in_stream(part));
      part.left_unread = count_unread(end);
    }
    messages_.clear();
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
