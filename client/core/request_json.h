#pragma once

#include <string>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/protocol/messages/account_messages.h"
#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/login_messages.h"
#include "client/core/event.h"

// What the client asks (PROTOCOL.md). All texts must be valid UTF-8.
namespace chat::client {

// Who logs in: by id where it names something, otherwise by name.
struct Account {
  UserId id;
  std::string name;
};

struct Credentials {
  Account account;
  std::string password;
  bool takeover = false;  // end a session that the account has elsewhere
};

// Those of the catalogue's requests that depend on more than their fields. The others are written
// by protocol::encode_request() as they are.
namespace request {

protocol::messages::Login login(const Credentials& credentials);
// By the token that an earlier login brought.
protocol::messages::Login login_again(std::string_view token);
protocol::messages::RevokeSession revoke_session(std::string_view session);  // empty: all others
protocol::messages::History history(Target target, int limit, std::string_view cursor);
std::string chat(std::string_view cid, UserId self, Target target, std::string_view text);
// Everything of the stream up to seq has come, or has been read. They have no answer.
std::string delivered(Target stream, Seq seq);
std::string read(Target stream, Seq seq);

}  // namespace request
}  // namespace chat::client
