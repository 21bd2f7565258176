#pragma once

#include <string>
#include <string_view>

namespace chat::service {

// A token that logs a user in without a password: 256 random bits, as 64 hex digits. Only its
// hash is stored, so that whoever reads the table can't log in with what is there.
std::string make_token();

// BLAKE2b-256 of the token's text, as hex digits. A token is random enough to need no salt.
std::string hash_token(std::string_view token);

}  // namespace chat::service
