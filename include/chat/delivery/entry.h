#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chat/protocol/errors.h"
#include "chat/storage/mention_values.h"
#include "chat/storage/values.h"

namespace chat::session {
class Session;
}

namespace chat::delivery {

// What a message refers to besides its text; the fields of its push are in its `extra`.
struct Marks {
  storage::MessageName reply;  // seq 0: it is no reply
  std::vector<UserId> at;
  bool at_all = false;
};

// A chat request on its way through the journal. `Message` is storage::DirectMessage or
// storage::GroupMessage: seq and sent_at are set by the journal.
template <typename Message>
struct Entry {
  Message message;
  std::string sender_name;
  SessionEpoch sender_epoch = 0;
  bool cid_given = false;            // by the client: the reply echoes it
  bool sender_acknowledges = false;  // and so gets receipts
  // A direct message to a deleted account: acknowledged if it was stored before, else refused.
  bool only_repeats = false;
  std::shared_ptr<session::Session> session;
  std::shared_ptr<const Marks> marks;  // nullptr: it refers to nothing, as nearly all

  // Set by the journal. If set before the entry is appended, nothing is stored, and the refusal is
  // sent in its turn.
  std::optional<protocol::Refusal> refusal;  // why it was not stored
  // Refused because of this newer session of the sender, on another node. 0: not for that reason.
  SessionEpoch newer_epoch = 0;

  // Set by the journal: the message was stored before, under the same cid. Its text may have been
  // recalled or edited since, so it is not to be pushed from here.
  bool repeated = false;

  // Internal to the journal: another transaction has locked the stream; the entry is retried soon.
  bool lock_in_way = false;
  // Likewise: an attempt to store it may have succeeded, but was not confirmed.
  bool in_doubt = false;
  // Likewise: the sender's right on which the plan for this entry is based.
  storage::ChatRight right = storage::ChatRight::kYes;
};

using DirectEntry = Entry<storage::DirectMessage>;
using GroupEntry = Entry<storage::GroupMessage>;

}  // namespace chat::delivery
