#pragma once

#include <string>
#include <string_view>

#include "chat/session/session_context.h"

namespace chat::service {

// A token that logs a user in without a password: 256 random bits, as 64 hex digits. Only its hash
// is stored, so that a reader of the table cannot log in with it.
std::string make_token();

// A code by which an operator invites people to register: 128 random bits, as 32 hex digits. Only
// its hash is stored.
std::string make_invite();

// Unsalted, because tokens are random.
session::TokenHash hash_token(std::string_view token);
// As stored in the table.
std::string to_hex(const session::TokenHash& hash);

}  // namespace chat::service
