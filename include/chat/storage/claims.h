#pragma once

#include <string>

#include "chat/base/ids.h"

// Plain values for setting many users online or offline at once (UserModel).
namespace chat::storage {

// A request to set a user online on a node, and its outcome.
struct Claim {
  enum class Outcome {
    kClaimed,
    kRefused,  // another live node holds the user
    kAlone,    // undecided, its row is locked or missing: claim it by itself
  };

  UserId user;
  bool takeover = false;  // even if another node holds the user
  Outcome outcome = Outcome::kAlone;
  SessionEpoch epoch = 0;       // of the claimed user
  bool held_elsewhere = false;  // until now, by another live node
};

// A request to set a user offline whose session has ended, and its outcome.
struct Release {
  enum class Outcome {
    kReleased,      // by this or an earlier attempt
    kNewerSession,  // a newer session has the user, or there is no such user
    kAlone,         // undecided, its row is locked: release it by itself
  };

  UserId user;
  SessionEpoch epoch = 0;
  Outcome outcome = Outcome::kAlone;
};

// What a login depends on.
struct Credentials {
  UserId user;
  SessionEpoch epoch = 0;
  std::string password_hash;  // empty: the account was deleted
  bool disabled = false;
};

}  // namespace chat::storage
