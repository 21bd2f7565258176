#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/values.h"
#include "delivery/journal/stores.h"

namespace chat::delivery {

// What the direct lane knows of the streams it writes: each one's head and the cids of its last
// messages. True for one login of the sender (its session epoch) and one connection: while both
// last nobody else writes the stream, so `seq` is given out from memory. A new connection may lead
// to a server that has lost the newest rows; that is noticed when a stream is read again.
//
// A plan adds messages to a stream ahead of their commit; confirm() keeps them, forget() throws
// the whole stream away, to be read again. Between plan and outcome nobody else looks.
// Threading: externally synchronised (the lane). Bounds: kStreamsMax streams, oldest out first.
class StreamCache {
 public:
  static constexpr std::size_t kStreamsMax = 20000;

  explicit StreamCache(DirectStore& store) : store_(store) {}

  // From now on streams are read on this connection (DirectStore::connect()).
  void use_connection(std::uint64_t number) { connection_ = number; }

  // What a turn is about to plan on. Of many streams that are not known most have not begun, as
  // where everybody writes to everybody: which ones is found out at once, and only of the others
  // the messages are read.
  struct Wanted {
    storage::DirectStream stream;
    SessionEpoch sender_epoch = 0;
  };
  Result<void> look_up(std::span<const Wanted> wanted);

  enum class Planned {
    kNew,       // message.seq and sent_at are set: store it
    kRepeated,  // seq and sent_at of the message that is stored under this cid
    kConflict,  // this cid carries another text
  };
  // `now` is the time for a new message; time never goes back within a stream.
  Result<Planned> plan(storage::DirectMessage& message, SessionEpoch sender_epoch, UnixMillis now);

  // Senders of the streams that were read from the table since the last call.
  std::vector<UserId> take_read_senders() { return std::exchange(read_senders_, {}); }

  // Ends a turn: streams that were planned on are kept, or read again when next needed.
  void confirm();
  void forget();
  std::size_t size() const { return streams_.size(); }

 private:
  struct Known {
    std::string cid;
    std::size_t body_hash;
    Seq seq;
    UnixMillis sent_at;
  };
  struct Stream {
    SessionEpoch epoch = 0;
    std::uint64_t connection = 0;  // on which it was read; 0: it must be read again
    Seq head = 0;
    Seq committed = 0;  // the highest that was seen in the table
    UnixMillis last_sent_at = 0;
    std::uint64_t last_use = 0;
    bool planned_on = false;
    std::vector<Known> recent;  // oldest first; at most twice the window
    // Of their cids, in the same order. Most messages are new: to find that out by the cids
    // themselves took a quarter of the lane's time.
    std::vector<std::size_t> cid_hashes;
  };
  using Key = std::uint64_t;
  using Streams = std::unordered_map<Key, Stream>;

  static Key key_of(UserId recipient, UserId sender);
  static const Known* find_cid(const Stream& stream, std::string_view cid);
  static void remember(Stream& stream, const storage::DirectMessage& message);
  // The stream, if what is known of it holds for this login; or nullptr.
  Streams::value_type* find(Key key, SessionEpoch epoch);
  Result<Streams::value_type*> stream_of(const storage::DirectMessage& message, SessionEpoch epoch);
  void replace(Key key, Stream&& stream);
  void make_room();

  DirectStore& store_;
  std::uint64_t connection_ = 1;
  std::uint64_t uses_ = 0;
  Streams streams_;
  std::vector<UserId> read_senders_;
  std::vector<Streams::value_type*> planned_;  // elements stay where they are until they are erased
};

}  // namespace chat::delivery
