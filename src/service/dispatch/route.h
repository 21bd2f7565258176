#pragma once

#include <optional>
#include <span>
#include <tl/expected.hpp>
#include <utility>

#include "chat/base/ids.h"
#include "chat/protocol/errors.h"
#include "chat/protocol/messages/decode_request.h"
#include "chat/protocol/msgid.h"
#include "chat/protocol/request.h"
#include "chat/session/handler.h"
#include "chat/session/session.h"
#include "service/dispatch/act_rates.h"
#include "service/dispatch/request_types.h"

namespace chat::service {

struct Handlers;

// Who may make a request.
enum class Access {
  kAnyone,
  kAnonymous,  // only without a login
  kLoggedIn,
};

// One row of the dispatch table.
struct Route : session::RequestTraits {
  protocol::Msgid msgid;
  Access access;
  Charge charge;
  void (*handle)(const Route&, Handlers&, session::Session&, protocol::Request&);
};

// The table, ascending by msgid.
std::span<const Route> routes();
const Route* route_of(int msgid);

std::optional<protocol::Refusal> check_access(Access access, UserId user);
std::optional<protocol::Refusal> check_sender(UserId sender, UserId user);

// Decodes the request, or returns the first violated precondition: login, fields, identity. `user`
// is the logged-in user, 0 if none. Uses neither session nor database.
template <typename Message>
tl::expected<Received<Message>, protocol::Refusal> read_request(Access access,
                                                                protocol::Request& request,
                                                                UserId user) {
  if (auto refusal = check_access(access, user)) return tl::make_unexpected(std::move(*refusal));
  auto typed = protocol::decode_request<Message>(request);
  if constexpr (requires(const Message& message) { message.sender; }) {
    if (!typed || !typed->sender) return typed;
    if (auto refusal = check_sender(*typed->sender, user)) {
      return tl::make_unexpected(std::move(*refusal));
    }
  }
  return typed;
}

}  // namespace chat::service
