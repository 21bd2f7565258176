#pragma once

#include "chat/delivery/stream.h"
#include "chat/protocol/request.h"
#include "chat/session/session.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// What a client says of its streams: DELIVERED and READ move its cursors, SYNC asks for what it
// lacks. Threading: thread-safe. sync() blocks on the database.
class StreamService {
 public:
  explicit StreamService(ServiceContext& context) : context_(context) {}

  void delivered(session::Session& session, const protocol::Request& request);
  void read(session::Session& session, const protocol::Request& request);
  void sync(session::Session& session, const protocol::Request& request);

 private:
  void sync_all(session::Session& session, const protocol::Request& request);
  void sync_direct(session::Session& session, const protocol::Request& request, UserId from);
  void sync_group(session::Session& session, const protocol::Request& request, GroupId group);
  void sync_one(session::Session& session, const protocol::Request& request,
                delivery::StreamKey stream, Seq first_after);

  ServiceContext& context_;
};

}  // namespace chat::service
