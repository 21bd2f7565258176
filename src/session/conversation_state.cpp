#include "chat/session/conversation_state.h"

#include <utility>

#include "chat/net/connection.h"

namespace chat::session {

ConversationState::ConversationState(const SessionContext& session_context,
                                     net::Connection& connection, std::size_t index_of_loop,
                                     Strand::Owner& owner)
    : context(session_context),
      loop(connection.loop()),
      loop_index(static_cast<std::uint16_t>(index_of_loop)),
      classic_numbers(session_context.options.classic_numbers),
      peer(connection.peer()),
      strand(session_context.workers, owner) {}

void ConversationState::say_farewell(std::string reason,
                                     std::chrono::milliseconds reconnect_after) {
  ending.store(true, std::memory_order_release);
  strand.append(Input(Farewell{std::move(reason), reconnect_after}));
}

}  // namespace chat::session
