#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/token_bucket.h"
#include "chat/protocol/request.h"
#include "chat/service/context.h"
#include "chat/session/session.h"
#include "gate.h"

namespace chat::service {

// Chat messages go to the journal, which answers once they are stored.
// Threading: thread-safe. Handlers block when the journal is full.
class ChatService {
 public:
  explicit ChatService(ServiceContext& context);

  void one_chat(session::Session& session, const protocol::Request& request);
  void group_chat(session::Session& session, const protocol::Request& request);

 private:
  template <typename EntryType>
  void append(session::Session& session, const protocol::Request& request, EntryType entry);
  std::optional<protocol::Refusal> refusal_at_gate(session::Session& session, Action action,
                                                   Object object);
  // By account: who comes back on a new connection has no new allowance.
  std::optional<protocol::Refusal> rate_fault(session::Session& session);
  std::string make_cid();

  ServiceContext& context_;
  const base::Rate chats_;
  // Server-made cids: random for each life of the server, then counted.
  const std::string cid_prefix_;
  std::atomic<std::uint64_t> cids_{0};
};

}  // namespace chat::service
