#pragma once

#include <string>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/protocol/messages/history_messages.h"
#include "chat/protocol/messages/login_messages.h"
#include "client/core/event.h"

// The client's requests (PROTOCOL.md). All texts must be valid UTF-8.
namespace chat::client {

// The account to log in to: by id if set, otherwise by name.
using Account = UserRef;

struct Credentials {
  Account account;
  std::string password;
  bool takeover = false;  // end a session that the account has elsewhere
};

// A user, and the token to log in as that user; empty: none.
struct Resumption {
  UserRef user{};
  std::string token{};
};

// Requests that need more than protocol::encode_request().
namespace request {

protocol::messages::Login login(const Credentials& credentials);
// By the token of an earlier login.
protocol::messages::Login login_again(std::string_view token);
protocol::messages::History history(Target target, int limit, std::string_view cursor);
std::string chat(std::string_view cid, UserId self, Target target, std::string_view text,
                 const event::MessageExtras& extras = {});
// The stream has been received, or read, up to seq. They have no reply.
std::string delivered(Target stream, Seq seq);
std::string read(Target stream, Seq seq);

}  // namespace request
}  // namespace chat::client
