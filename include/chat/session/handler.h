#pragma once

#include <cstddef>

#include "chat/protocol/request.h"

namespace chat::session {

class Session;

// How requests of one type are handled. Looked up once, when a request is parsed, and carried with
// it.
struct RequestTraits {
  bool blocks = false;  // may wait for the database, and first for the session's pending commits
  bool carries_credentials = false;  // costs a lookup or a password hash, valid or not
};

// Answers requests. Called on workers, one call at a time per session.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Traits of the request type `msgid`; valid as long as the handler. Thread-safe.
  virtual const RequestTraits& traits_of(int msgid) const = 0;
  // May move strings out of `request`, except its cid. `traits` is what traits_of() returned.
  virtual void handle(Session& session, protocol::Request& request,
                      const RequestTraits& traits) = 0;
  // The conversation is over (connection closed, session evicted, server stopping): releases the
  // logged-in user. May be called more than once.
  virtual void end(Session& session) = 0;
};

// Attached to a session by the code that pushes to it. All calls are made in the session's loop.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // More pushed bytes have been written to the socket (see SocketSide::written_total()), or a debt
  // has been paid (see SocketSide::charge()).
  virtual void on_written() = 0;
  // Pushes that were queued but not yet written have been dropped; the conversation goes on.
  virtual void on_dropped() = 0;
  virtual void on_closed() = 0;
};

}  // namespace chat::session
