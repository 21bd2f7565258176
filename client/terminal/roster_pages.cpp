#include "client/terminal/roster_pages.h"

#include "chat/protocol/messages/list_messages.h"

namespace chat::client {
namespace {

// Many more than the limits of the server need.
constexpr int kPagesMost = 100;

}  // namespace

bool read_next_page(ClientSession& session) {
  if (!session.logged_in()) return false;
  const auto missing = session.roster().missing_page();
  if (!missing) return false;
  protocol::messages::List list{.kind = missing->kind};
  if (!missing->cursor.empty()) list.cursor = missing->cursor;
  const Answer answer = session.request(list, {.command = missing->kind, .quiet = true});
  if (answer.ok()) return true;
  const auto* refused = answer.event.as<event::Refused>();
  const bool later = refused != nullptr && refused->retry_after_ms;
  if (!later) session.roster().give_up_pages();
  return false;
}

void read_all_pages(ClientSession& session) {
  for (int page = 0; page < kPagesMost && read_next_page(session); ++page) {
  }
}

}  // namespace chat::client
