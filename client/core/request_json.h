#pragma once

#include <string>
#include <string_view>

#include "chat/base/ids.h"
#include "client/core/event.h"

// The JSON of each request (PROTOCOL.md). All texts must be valid UTF-8.
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

namespace request {

std::string hello(std::string_view cid, std::string_view version);
std::string ping(std::string_view cid);
std::string register_user(std::string_view cid, std::string_view name, std::string_view password);
std::string login(std::string_view cid, const Credentials& credentials);
// By the token that an earlier login brought.
std::string login_again(std::string_view cid, std::string_view token);
std::string logout(std::string_view cid, UserId self);
std::string add_friend(std::string_view cid, UserId self, UserId other);
std::string create_group(std::string_view cid, UserId self, std::string_view name,
                         std::string_view desc);
std::string join_group(std::string_view cid, UserId self, GroupId group);
std::string chat(std::string_view cid, UserId self, Target target, std::string_view text);
// Everything of the stream up to seq has come, or has been read. They have no answer.
std::string delivered(Target stream, Seq seq);
std::string read(Target stream, Seq seq);
std::string change_password(std::string_view cid, std::string_view password,
                            std::string_view new_password);
std::string delete_account(std::string_view cid, std::string_view password);
std::string sessions(std::string_view cid);
// `session` empty: all others.
std::string revoke_session(std::string_view cid, std::string_view session);
std::string history(std::string_view cid, Target target, int limit, std::string_view cursor);

}  // namespace request
}  // namespace chat::client
