#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chat/protocol/errors.h"
#include "chat/protocol/messages/chat_messages.h"
#include "chat/session/coroutine.h"
#include "chat/session/session.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"
#include "service/messages/chat_allowance.h"

namespace chat::service {

// Appends chat messages to the journal, which replies once they are stored.
// Threading: thread-safe. Handlers block when the journal is full.
class ChatService {
 public:
  // Both must outlive it.
  ChatService(ServiceContext& context, ChatAllowance& allowance);

  void one_chat(session::Session& session, Received<messages::OneChat>&& request);
  void group_chat(session::Session& session, Received<messages::GroupChat>&& request);

 private:
  template <typename EntryType>
  void append(session::Session& session, const RequestHead& request, EntryType entry);
  template <typename EntryType>
  session::Coroutine<> append_later(std::shared_ptr<session::Session> session, RequestHead request,
                                    EntryType entry, std::chrono::milliseconds wait);
  std::optional<protocol::Refusal> refusal_at_gate(session::Session& session, Action action,
                                                   Object object);
  bool was_deleted(UserId user);
  std::string make_cid();

  ServiceContext& context_;
  ChatAllowance& allowance_;
  // Prefix of cids made by the server: random per process, followed by a counter.
  const std::string cid_prefix_;
  std::atomic<std::uint64_t> cids_{0};
};

}  // namespace chat::service
