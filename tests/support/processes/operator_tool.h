#pragma once

#include <string>
#include <vector>

#include "child_process.h"
#include "server_process.h"
#include "support/clients/raw_client.h"

namespace chat::test {

// The program chatctl ($CHATCTL) for one server.
class OperatorTool {
 public:
  explicit OperatorTool(const ServerProcess& server) : socket_(server.admin_socket()) {}
  explicit OperatorTool(std::string socket) : socket_(std::move(socket)) {}

  static std::string path();
  RunResult run(const std::vector<std::string>& words) const;
  // The same with `input` on standard input.
  RunResult run_with_input(const std::vector<std::string>& words, const std::string& input) const;
  // The result of a command as JSON; throws unless it succeeds.
  Json ask(std::vector<std::string> words) const;

 private:
  std::string socket_;
};

}  // namespace chat::test
