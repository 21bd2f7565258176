#pragma once

#include <chrono>

#include "chat/base/rate_store.h"
#include "chat/protocol/messages/list_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"
#include "service/people/cursor_seal.h"

namespace chat::service {

// FIND: users and groups by a prefix of their names or nicks, or by id.
// Threading: thread-safe. Blocks on the database.
class FindService {
 public:
  explicit FindService(ServiceContext& context)
      : context_(context),
        rate_{context.options.find_per_minute, context.options.find_per_minute,
              std::chrono::minutes(1)},
        seal_(context.options.cluster_id) {}

  void find(session::Session& session, const Received<messages::Find>& request);

 private:
  std::chrono::milliseconds wait_of(UserId user);

  ServiceContext& context_;
  const base::Rate rate_;
  const CursorSeal seal_;
};

}  // namespace chat::service
