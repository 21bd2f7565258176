#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.h"
#include "client/core/event.h"
#include "client/core/pending.h"

namespace chat::client::load {

// A client's account and how it logs in: it registers or, if the name is taken, assumes that the
// account is its own; it logs in by password, and later by token. No I/O: it returns the next
// request and takes the answer.
// Threading: confined to its client's thread.
class Account {
 public:
  Account(std::string name, std::string password)
      : name_(std::move(name)), password_(std::move(password)) {}
  // An existing account that always logs in this way. It need not send heartbeats.
  static Account with_token(UserId id, std::string token);
  static Account with_password(UserId id, std::string password);

  struct Step {
    Question question;
    std::string json;
  };
  // The next request on a new connection.
  Step next(std::string_view cid) const;

  struct Outcome {
    enum class Kind { kGoOn, kLoggedIn, kWait, kImpossible } kind = Kind::kGoOn;
    std::chrono::milliseconds wait{0};
    std::string reason = {};  // for kWait and kImpossible: the server's words
  };
  Outcome take(const Event& answer);

  UserId id() const { return id_; }
  const std::string& name() const { return name_; }
  // Registered by this run, so none of its streams existed before.
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

// True for a temporary refusal: the request may be sent again.
bool is_temporary(const event::Refused& refused);
// How long the server asks to wait, or a default if it does not say.
std::chrono::milliseconds wait_of(const event::Refused& refused);

}  // namespace chat::client::load
