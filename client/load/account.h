#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.h"
#include "client/core/event.h"
#include "client/core/pending.h"

namespace chat::client::load {

// Who a client is, and how it comes to be logged in: it registers, where the name is taken it takes
// the account for its own, logs in by password, and later by token. No I/O: it says what to ask
// next and takes the answer. Threading: confined to its client's thread.
class Account {
 public:
  Account(std::string name, std::string password)
      : name_(std::move(name)), password_(std::move(password)) {}
  // An account that exists, and how it logs in each time. It may be silent for as long as it likes.
  static Account with_token(UserId id, std::string token);
  static Account with_password(UserId id, std::string password);

  struct Step {
    Question question;
    std::string json;
  };
  // The request that comes next on a new connection.
  Step next(std::string_view cid) const;

  struct Outcome {
    enum class Kind { kGoOn, kLoggedIn, kWait, kImpossible } kind = Kind::kGoOn;
    std::chrono::milliseconds wait{0};
    std::string reason = {};  // kWait, kImpossible: as the server puts it
  };
  Outcome take(const Event& answer);

  UserId id() const { return id_; }
  const std::string& name() const { return name_; }
  // Registered by this run: no stream of it existed before.
  bool fresh() const { return fresh_; }

 private:
  Outcome take_refusal(const event::Refused& refused);

  std::string name_;
  std::string password_;
  UserId id_;
  std::string token_;
  bool registered_ = false;
  bool fresh_ = false;
  bool known_ = false;
};

// Refused for a while only; the request may be sent again.
bool is_temporary(const event::Refused& refused);
// How long the server asks to wait, or a usual time where it says nothing.
std::chrono::milliseconds wait_of(const event::Refused& refused);

}  // namespace chat::client::load
