#pragma once

#include <string>

#include "chat/base/ids.h"

// Plain values for the comings and goings of many users at once (UserModel).
namespace chat::storage {

// A wish to make a user online on a node, and what has become of it.
struct Claim {
  enum class Outcome {
    kClaimed,
    kRefused,  // another live node holds the user
    kAlone,    // not decided: claim this one by itself, as its row is locked, or isn't there
  };

  UserId user;
  bool takeover = false;  // another node may hold it
  Outcome outcome = Outcome::kAlone;
  SessionEpoch epoch = 0;       // of who was claimed
  bool held_elsewhere = false;  // until then, by another live node
};

// A wish to set a user offline whose session has ended, and what has become of it.
struct Release {
  enum class Outcome {
    kReleased,      // now, or by an earlier attempt
    kNewerSession,  // a newer session has claimed the user, or there is no such user
    kAlone,         // not decided: release this one by itself, as its row is locked
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
};

}  // namespace chat::storage
