#pragma once

#include <optional>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"
#include "service/dispatch/fault.h"

// What users do to each other: decided and stored in one transaction, under the lock of
// storage::ContactModel::lock(). Calls block.
namespace chat::service {

struct ContactChange {
  enum class Effect {
    kNone,       // it was so already
    kAdded,      // the user lists the other one
    kRequested,  // the other one has to answer
    kAccepted,   // both list each other
    kRefused,
    kRemoved,  // neither lists the other one
    kBlocked,
    kUnblocked,
  };
  Effect effect = Effect::kNone;
  storage::Friend other;
  bool pending = false;  // a request of the user waits, or seems to
  // contact_rev of one of the two has grown, perhaps by an earlier request whose client got no
  // answer because the change did not bind yet.
  bool rules_changed = false;
  bool is_watched = false;  // the other one lists the user
  UnixMillis at = 0;        // of a request
};

// The user and the user to whom something is done.
struct ContactParties {
  UserId self;
  UserId other;
};

Outcome<ContactChange> add_friend(storage::Connection& connection, ContactParties who,
                                  std::string_view text, UnixMillis now);
Outcome<ContactChange> answer_request(storage::Connection& connection, ContactParties who,
                                      bool accept, UnixMillis now);
Outcome<ContactChange> remove_friend(storage::Connection& connection, ContactParties who);
Outcome<ContactChange> set_block(storage::Connection& connection, ContactParties who, bool blocked,
                                 UnixMillis now);

// True if the tables show that `change`, whose COMMIT was not answered, took effect.
Result<bool> took_effect(storage::Connection& connection, UserId self, const ContactChange& change);

}  // namespace chat::service
