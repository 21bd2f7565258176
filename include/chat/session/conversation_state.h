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

// State shared by the two sides of a session: the peer, the progress of the conversation, and the
// strand, which the socket side fills and the workers drain.
//
// Threading: thread-safe. Ownership: owned by the Session and destroyed with it. A task that uses
// it later holds strand.keep_alive().
struct ConversationState {
  ConversationState(const SessionContext& session_context, net::Connection& connection,
                    std::size_t index_of_loop, Strand::Owner& owner);

  // The client speaks the dialect of the original course; its output is translated.
  bool classic() const {
    return framing.load(std::memory_order_relaxed) == protocol::Framing::kClassic;
  }
  // Too much output is unread: the client gets no pushes, and its requests wait.
  bool output_blocked() const { return unsent.load(std::memory_order_relaxed) > kOutputHighBytes; }
  bool output_low() const { return unsent.load(std::memory_order_relaxed) <= kOutputLowBytes; }
  // Sends BYE and closes, after all accepted requests have been answered.
  void say_farewell(std::string reason, std::chrono::milliseconds reconnect_after);

  const SessionContext& context;
  net::EventLoop& loop;
  // There may be very many sessions, so small members are grouped.
  const std::uint16_t loop_index;
  std::atomic<bool> ending{false};  // no more requests will come, or the connection is being closed
  std::atomic<bool> evicted{false};
  std::atomic<bool> gone{false};  // the connection is closed; answers go nowhere
  std::atomic<bool> owes{false};  // its replies have put the client into debt
  std::atomic<protocol::Framing> framing{protocol::Framing::kUndecided};
  std::atomic<protocol::ClassicNumbers> classic_numbers;
  const net::Address peer;
  // Bytes of output on their way to the loop or waiting in the connection.
  std::atomic<std::size_t> unsent{0};
  Strand strand;
};

}  // namespace chat::session
