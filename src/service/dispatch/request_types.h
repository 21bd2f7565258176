#pragma once

#include "chat/protocol/messages/received_request.h"

// The types of requests, under the names that handlers use: Received<messages::Ping>.
namespace chat::protocol::messages {}

namespace chat::service {

namespace messages = protocol::messages;
using protocol::Received;
using protocol::RequestHead;

}  // namespace chat::service
