#pragma once

#include <cstddef>

#include "chat/protocol/request.h"

namespace chat::session {

class Session;

// How requests of one kind are handled. Looked up once, when a request has been parsed, and carried
// with it.
struct RequestTraits {
  bool blocks = false;               // handling it may wait for the database
  bool waits_for_commits = false;    // until the session's pending commits are done
  bool carries_credentials = false;  // costs a search or a hash, whatever it brings
};

// Answers requests. Called on a worker, for one session one call at a time.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Of requests with this number; lives as long as the handler. Thread-safe.
  virtual const RequestTraits& traits_of(int msgid) const = 0;
  // May take the texts out of `request`, but not its cid. `traits` is what traits_of() returned.
  virtual void handle(Session& session, protocol::Request& request,
                      const RequestTraits& traits) = 0;
  // The conversation is over (connection gone, evicted, server stopping): whoever is logged in
  // on it is to be released. May come more than once.
  virtual void end(Session& session) = 0;
};

// What a session carries for the one who pushes to it. All calls come in the session's loop.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // More of what was pushed has left for the socket (see SocketSide::written_total()), or a
  // debt has been paid (see SocketSide::charge()).
  virtual void on_written() = 0;
  // What was pushed and has not left yet never will; the conversation goes on.
  virtual void on_dropped() = 0;
  virtual void on_closed() = 0;
};

}  // namespace chat::session
