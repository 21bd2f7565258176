#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "integration/server_fixture.h"
#include "support/processes/free_port.h"
#include "support/processes/terminal_program.h"

namespace chat::test {

// A server, and chatclients on terminals.
class Terminals : public WithServer {
 protected:
  explicit Terminals(Settings more = {}) : WithServer(with_port(std::move(more))) {}

  static Settings with_port(Settings settings) {
    // It restarts on the same port.
    settings.push_back("server.listen=127.0.0.1:" + std::to_string(free_port()));
    return settings;
  }

  std::unique_ptr<TerminalProgram> connected() {
    auto program = std::make_unique<TerminalProgram>(
        std::vector<std::string>{std::getenv("CHATCLIENT"), "--host", "127.0.0.1", "--port",
                                 std::to_string(port()), "--no-color", "--marks", "lines"});
    EXPECT_TRUE(program->wait_for("Connected to 127.0.0.1"));
    // Input before the prompt is still echoed by the terminal.
    EXPECT_TRUE(program->wait_for("> "));
    return program;
  }

  static void log_in(TerminalProgram& user, const std::string& name) {
    user.type_line("/login " + name);
    ASSERT_TRUE(user.wait_for("Password: "));
    user.type_line("secret of " + name);
    ASSERT_TRUE(user.wait_for("Logged in as " + name));
  }

  std::unique_ptr<TerminalProgram> registered(const std::string& name) {
    auto user = connected();
    user->type_line("/register " + name);
    EXPECT_TRUE(user->wait_for("New password: "));
    user->type_line("secret of " + name);
    EXPECT_TRUE(user->wait_for("Once more: "));
    user->type_line("secret of " + name);
    EXPECT_TRUE(user->wait_for("Registered " + name));
    EXPECT_TRUE(user->wait_for("Logged in as " + name));
    return user;
  }
};

}  // namespace chat::test
