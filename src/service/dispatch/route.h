#pragma once

#include <optional>
#include <span>

#include "chat/protocol/msgid.h"
#include "chat/protocol/request.h"
#include "chat/session/session.h"

namespace chat::service {

struct Handlers;

// Who may make a request.
enum class Access {
  kAnyone,
  kAnonymous,  // only who is not logged in
  kLoggedIn,
};

// What handling it is: all in memory, or in parts a wait for the database.
enum class Work { kQuick, kBlocking };

// One row of the dispatch table.
struct Route {
  protocol::Msgid msgid;
  Access access;
  Work work;
  bool waits_for_commits;  // of this session's chats
  std::span<const protocol::FieldSpec> fields;
  void (*handle)(Handlers&, session::Session&, const protocol::Request&);
};

// The table, ascending by msgid.
std::span<const Route> routes();
const Route* route_of(int msgid);

// The first precondition that a request breaks: login, fields, identity. `user` is who is logged
// in, 0 for nobody. A leaf: no session, no database.
std::optional<protocol::Refusal> check_preconditions(const Route& route,
                                                     const protocol::Request& request, UserId user);

}  // namespace chat::service
