#include "service/messages/typing_service.h"

#include "chat/delivery/typing.h"
#include "service/dispatch/gate.h"
#include "service/dispatch/replies.h"

namespace chat::service {

void TypingService::typing(session::Session& session, const Received<messages::Typing>& request) {
  if (request.toid.has_value() == request.groupid.has_value()) {
    return refuse(session, request, bad_field("one of toid and groupid must be given"));
  }
  const UserId self = session.identity().user;
  if (request.toid == self) return;  // nobody else is in that chat
  const Object chat{request.toid.value_or(UserId{}), request.groupid.value_or(GroupId{})};
  const delivery::Typing typing{self, chat.user, chat.group, request.on};
  if (!context_.delivery.take_typing_turn(typing)) return;
  const Action action = request.toid ? Action::kType : Action::kTypeInGroup;
  if (!admit(context_, session, request, action, chat)) return;
  context_.delivery.typing({typing, session.shared_from_this(), request.cid});
}

}  // namespace chat::service
