#pragma once

#include <string>

#include "chat/protocol/request.h"
#include "chat/service/context.h"
#include "chat/service/rate_table.h"
#include "chat/session/session.h"

namespace chat::service {

// Registration. Threading: thread-safe; handlers block on the database, never on hashing.
class AccountService {
 public:
  explicit AccountService(ServiceContext& context);

  void register_user(session::Session& session, const protocol::Request& request);

 private:
  void store_user(session::Session& session, const protocol::Request& request,
                  const Result<std::string>& hash);

  ServiceContext& context_;
  RateTable registrations_;
};

}  // namespace chat::service
