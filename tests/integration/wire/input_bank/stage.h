#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "integration/server_fixture.h"
#include "row.h"

namespace chat::test::bank {

// A server with the users of the rows: plays rows, and checks after each that others are not
// affected. Errors fail the test; a hanging row ends with an exception. Threading: externally
// synchronised.
class Stage {
 public:
  Stage();

  // In this framing, if it can carry the row.
  void play(const Row& row, Wire wire);
  void play_classic(const Row& row);
  static bool is_for_classic(const Row& row);

  // Expects that others are served within a second.
  void expect_good_service();
  // Expects the same process, with as many descriptors and about as much memory, and an orderly
  // exit.
  void expect_unharmed();

 private:
  // The user, and the values of the words in rows.
  struct Actor {
    Account account;
    std::string letter;  // $w
  };
  struct Opened {
    RawClient client;
    std::string token;
  };

  Actor new_actor(const std::string& letter);
  std::string filled(std::string text, const Actor& actor, const std::string& token) const;
  Opened open(const Row& row, Wire wire, const Actor& actor);
  void expect_answer(RawClient& client, const Answer& answer, const std::string& sent);
  void expect_kept(const Json& request, const Json& reply);
  void expect_told(const Json& request, std::int64_t seq);
  std::size_t descriptors() const;

  ServerProcess server_;
  User witness_;
  User other_;
  std::int64_t group_;
  std::int64_t foreign_;
  Actor on_text_;
  Actor on_binary_;
  Actor on_classic_;
  int checks_ = 0;
  pid_t pid_;
  std::size_t descriptors_before_ = 0;
  std::int64_t memory_before_kib_ = 0;
};

}  // namespace chat::test::bank
