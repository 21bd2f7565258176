#pragma once

#include <memory>
#include <optional>
#include <string>

#include "chat/protocol/errors.h"
#include "chat/storage/values.h"

namespace chat::session {
class Session;
}

namespace chat::delivery {

// A chat request on its way through the journal. `Message` is storage::DirectMessage or
// storage::GroupMessage: seq and sent_at are set by the journal.
template <typename Message>
struct Entry {
  Message message;
  std::string sender_name;
  SessionEpoch sender_epoch = 0;
  bool cid_given = false;            // by the client: its reply echoes it
  bool sender_acknowledges = false;  // and so is told how far its messages come
  std::shared_ptr<session::Session> session;

  // Set by the journal before the entry comes out again; or before it goes in: then nothing is
  // stored, and the refusal is answered in its turn.
  std::optional<protocol::Refusal> refusal;  // not stored, and why
  // Refused because this newer session of the sender exists, on another node. 0: not for that.
  SessionEpoch newer_epoch = 0;

  // Within the journal: somebody else has locked the stream, so it is tried again in a moment.
  bool lock_in_way = false;
};

using DirectEntry = Entry<storage::DirectMessage>;
using GroupEntry = Entry<storage::GroupMessage>;

}  // namespace chat::delivery
