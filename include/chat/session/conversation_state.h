#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "chat/net/address.h"
#include "chat/protocol/framing.h"
#include "chat/session/session_context.h"
#include "chat/session/strand.h"

namespace chat::net {
class Connection;
class EventLoop;
}  // namespace chat::net

namespace chat::session {

// What the two sides of a session share: whom the conversation is with, how far it is, and the
// strand, which the socket side fills and the workers empty.
//
// Threading: thread-safe. Ownership: by the Session; it dies with both sides. A task that uses it
// later holds strand.keep_alive().
struct ConversationState {
  ConversationState(const SessionContext& session_context, net::Connection& connection,
                    std::size_t index_of_loop, Strand::Owner& owner);

  // The client speaks the dialect of the original course: what it gets is translated.
  bool classic() const {
    return framing.load(std::memory_order_relaxed) == protocol::Framing::kClassic;
  }
  // The client has too much unread: it gets no pushes, and its requests wait.
  bool output_blocked() const { return unsent.load(std::memory_order_relaxed) > kOutputHighBytes; }
  bool output_low() const { return unsent.load(std::memory_order_relaxed) <= kOutputLowBytes; }
  // BYE and close, after what was accepted has been answered.
  void say_farewell(std::string reason, std::chrono::milliseconds reconnect_after);

  const SessionContext& context;
  net::EventLoop& loop;
  // There are very many sessions: the small members stand together.
  const std::uint16_t loop_index;
  std::atomic<bool> ending{false};  // no more requests will come, or the connection is being closed
  std::atomic<bool> evicted{false};
  std::atomic<bool> gone{false};  // the connection is closed, and nobody hears an answer
  std::atomic<bool> owes{false};  // was sent more replies than are due to it now
  std::atomic<protocol::Framing> framing{protocol::Framing::kUndecided};
  std::atomic<protocol::ClassicNumbers> classic_numbers;
  const net::Address peer;
  // Bytes of replies on their way to the loop plus those that wait in the connection.
  std::atomic<std::size_t> unsent{0};
  Strand strand;
};

}  // namespace chat::session
