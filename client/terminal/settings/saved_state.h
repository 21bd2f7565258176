#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/core/contacts.h"

namespace chat::client {

// What the client keeps between its runs: the typed lines, and tokens to log in with, in files that
// only their owner can read.
//
// Failures are reported once by `problem` and otherwise ignored: the client works without.
// Threading: externally synchronised; several clients may use the same files. Bounds: kLinesMost
// lines, kTokensMost tokens.
class SavedState {
 public:
  static constexpr std::size_t kLinesMost = 500;
  static constexpr std::size_t kTokensMost = 20;

  struct Server {
    std::string host;
    std::uint16_t port = 0;
    friend bool operator==(const Server&, const Server&) = default;
  };
  struct Token {
    UserRef user{};
    std::string token{};
  };

  // An empty directory: nothing is kept.
  explicit SavedState(std::string directory) : directory_(std::move(directory)) {}

  // Oldest first.
  std::vector<std::string> lines();
  void add_line(std::string_view line);

  // The last one for the server, or the one of a user (by id or name).
  std::optional<Token> token(const Server& server, const UserRef& user);
  void keep_token(const Server& server, const Token& token);
  void drop_token(const Server& server, UserId user);

  // A sentence about the last failure, once.
  std::string take_problem() { return std::exchange(problem_, {}); }

 private:
  std::optional<std::string> read(const std::string& name);
  void write(const std::string& name, const std::string& content);
  bool make_directory();
  void fail(const std::string& what);

  const std::string directory_;
  std::string problem_;
  bool failed_ = false;
};

// $XDG_STATE_HOME/chat, by default in ~/.local/state; empty without a home.
std::string state_directory();

}  // namespace chat::client
