#pragma once

#include <string>
#include <string_view>

#include "chat/session/session_context.h"

namespace chat::service {

// A token that logs a user in without a password: 256 random bits, as 64 hex digits. Only its
// hash is stored, so that whoever reads the table can't log in with what is there.
std::string make_token();

// A token is random enough to need no salt.
session::TokenHash hash_token(std::string_view token);
// As the table has it.
std::string to_hex(const session::TokenHash& hash);

}  // namespace chat::service
