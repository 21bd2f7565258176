#pragma once

#include "chat/delivery/stream.h"
#include "chat/protocol/messages/stream_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// Requests about streams: DELIVERED and READ move cursors, SYNC requests missing messages.
// Threading: thread-safe. sync() blocks on the database.
class StreamService {
 public:
  explicit StreamService(ServiceContext& context) : context_(context) {}

  void delivered(session::Session& session, const Received<messages::Delivered>& request);
  void read(session::Session& session, const Received<messages::Read>& request);
  void sync(session::Session& session, const Received<messages::Sync>& request);

 private:
  void sync_all(session::Session& session, const RequestHead& request);
  void sync_direct(session::Session& session, const Received<messages::Sync>& request, UserId from);
  void sync_group(session::Session& session, const Received<messages::Sync>& request,
                  GroupId group);
  void sync_one(session::Session& session, const Received<messages::Sync>& request,
                delivery::StreamKey stream, Seq first_after);

  ServiceContext& context_;
};

}  // namespace chat::service
