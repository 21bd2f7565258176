#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "chat/base/result.h"
#include "chat/base/unique_fd.h"
#include "client/control/control_options.h"

namespace chat::client::control {

using ControlJson = nlohmann::ordered_json;

// The socket that the options name. Errors are sentences.
Result<std::string> find_socket(const ControlOptions& options);

// A connection to a server's socket for operators. Blocks. Errors are sentences.
class ControlSocket {
 public:
  Result<void> connect(const std::string& path);
  // The command's result. kInvalidArgument: the server refused it.
  Result<ControlJson> ask(const std::string& command, const Arguments& arguments);

 private:
  Result<void> send(const std::string& line);
  Result<std::string> read_line();

  base::UniqueFd fd_;
};

}  // namespace chat::client::control
