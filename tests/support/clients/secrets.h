#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

// Texts that must never appear in a server's log: the passwords, tokens and message texts of this
// test program's clients. The clients record them as they send and receive; ServerProcess searches
// its server's log for them.
// Threading: thread-safe. Bounds: the first 10000 distinct ones; texts shorter than 6 bytes are
// ignored, because they could occur by chance.
namespace chat::test {

void note_secret(std::string_view text);
// Records the password, token and message of a request or reply, if present.
void note_secrets_of(const nlohmann::json& frame);

// The first line of `log` that contains a recorded secret, if any.
std::optional<std::string> line_with_secret(std::string_view log);

}  // namespace chat::test
