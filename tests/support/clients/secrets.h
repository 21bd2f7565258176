#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

// What no server may ever write into a log: the passwords, tokens and message texts of this test
// program's clients. The clients note them as they send and receive; ServerProcess looks for them
// in what its server has logged.
// Threading: thread-safe. Bounds: the first 10000 different ones; what is shorter than 6 bytes
// could stand in any log by chance and is not noted.
namespace chat::test {

void note_secret(std::string_view text);
// The password, token and message of a request or reply, where it has them.
void note_secrets_of(const nlohmann::json& frame);

// The first line of `log` that holds a noted secret; nothing if none does.
std::optional<std::string> line_with_secret(std::string_view log);

}  // namespace chat::test
