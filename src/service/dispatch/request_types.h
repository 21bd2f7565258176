#pragma once

#include "chat/protocol/messages/received_request.h"

// The request types under the names used in handlers: Received<messages::Ping>.
namespace chat::protocol::messages {}

namespace chat::service {

namespace messages = protocol::messages;
using protocol::Received;
using protocol::RequestHead;

}  // namespace chat::service
