#include "client/terminal/roster_pages.h"

#include <chrono>

#include "chat/base/clock.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/protocol/messages/list_messages.h"

namespace chat::client {
namespace {

// Many more than the limits of the server need.
constexpr int kPagesMost = 100;
constexpr std::chrono::milliseconds kAfterNoAnswer{5'000};

// What to do about a page that the server did not send.
void put_off(Roster& roster, const Answer& answer) {
  const auto* refused = answer.event.as<event::Refused>();
  if (refused != nullptr && !refused->retry_after_ms) return roster.give_up_pages();
  const auto pause =
      refused == nullptr ? kAfterNoAnswer : std::chrono::milliseconds(*refused->retry_after_ms);
  roster.put_off_pages(base::system_clock().now() + pause);
}

}  // namespace

bool read_next_page(ClientSession& session) {
  if (!session.logged_in()) return false;
  const auto missing = session.roster().missing_page();
  if (!missing || !session.roster().pages_due(base::system_clock().now())) return false;
  protocol::messages::List list{.kind = missing->kind};
  if (!missing->cursor.empty()) list.cursor = missing->cursor;
  const Answer answer =
      session.request(list, {.command = missing->kind, .quiet = true, .unasked = true});
  if (!answer.ok()) put_off(session.roster(), answer);
  return answer.ok();
}

void read_all_pages(ClientSession& session) {
  for (int page = 0; page < kPagesMost && read_next_page(session); ++page) {
  }
}

void read_members(ClientSession& session, GroupId group) {
  protocol::messages::GroupInfo request{.groupid = group};
  for (int page = 0; page < kPagesMost; ++page) {
    const bool further = request.cursor.has_value();
    const Answer answer = session.request(
        request, {.command = "group-settings", .further = further, .quiet = true, .unasked = true});
    const auto* shown = answer.event.as<event::GroupShown>();
    if (shown == nullptr || shown->cursor.empty()) return;
    request.cursor = shown->cursor;
  }
}

}  // namespace chat::client
