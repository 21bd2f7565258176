#pragma once

#include <memory>

#include "chat/session/handler.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

struct Handlers;
class Moderation;

// The dispatch table: msgid → preconditions and handler. Preconditions (login, fields, identity)
// are data in the table and are checked here, once, in the order of PROTOCOL.md, section 2; a
// handler gets only well-formed, permitted requests.
// Threading: thread-safe; one call at a time per session (its strand).
class Dispatcher final : public session::RequestHandler {
 public:
  explicit Dispatcher(ServiceContext& context);
  ~Dispatcher() override;

  const session::RequestTraits& traits_of(int msgid) const override;
  void handle(session::Session& session, protocol::Request& request,
              const session::RequestTraits& traits) override;
  void end(session::Session& session) override;

  Moderation& moderation();

 private:
  std::unique_ptr<Handlers> handlers_;
};

}  // namespace chat::service
