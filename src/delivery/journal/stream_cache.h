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

// The direct lane's cache of the streams that it writes: each one's head and the cids of its last
// messages. An entry is valid for one login of the sender (its session epoch) and one connection:
// while both last no other node writes the stream, so `seq` can be assigned from memory. A new
// connection may lead to a server that has lost the newest rows, which is detected when a stream is
// read again.
//
// A plan adds messages to a stream ahead of their commit. confirm() keeps them; rewind() drops
// them, if certainly none was stored; forget() drops them and reads the stream again before its
// next message. Nothing else uses the stream between plan and outcome.
// Threading: externally synchronised (the lane). Bounds: kStreamsMax streams; the oldest are
// dropped first.
class StreamCache {
 public:
  static constexpr std::size_t kStreamsMax = 20000;

  explicit StreamCache(DirectStore& store) : store_(store) {}

  // Sets the connection on which streams are read from now on (DirectStore::connect()).
  void use_connection(std::uint64_t number) { connection_ = number; }

  // The streams that a turn is about to plan on: reads those that are not cached, in as few queries
  // as possible, because the database may be distant. Of many uncached streams most have no
  // messages yet, as with all-to-all traffic, so one query finds those that have. Of a stream that
  // was cached before only what came since is read. A message that contradicts the cached one of
  // its cid makes its whole stream be read again, because that one may have been edited since.
  struct Wanted {
    const storage::DirectMessage* message;
    SessionEpoch sender_epoch = 0;
  };
  Result<void> look_up(std::span<const Wanted> wanted);

  enum class Planned {
    kNew,       // message.seq and sent_at are set: store it
    kRepeated,  // seq and sent_at are those of the message stored under this cid
    kConflict,  // this cid was used for another text, or with other marks
    kBarred,    // it is new, and new messages are not accepted
  };
  // Call after look_up(). `now` is the time of a new message; within a stream, times never
  // decrease.
  Result<Planned> plan(storage::DirectMessage& message, SessionEpoch sender_epoch, UnixMillis now,
                       bool accepts_new = true);

  // The senders of the streams read from the table since the last call.
  std::vector<UserId> take_read_senders() { return std::exchange(read_senders_, {}); }

  // End a turn.
  void confirm();
  void rewind();
  void forget();
  // Reads the stream again before its next message.
  void forget(const storage::DirectStream& stream);
  std::size_t size() const { return streams_.size(); }

 private:
  // Which texts a repetition of the cid may have.
  enum class Match : std::uint8_t {
    kSame,  // that of the message
    kAny,   // the message was recalled or edited when it was read: its first text is not known
    kNone,  // an event row
  };
  struct Known {
    std::string cid;
    std::size_t content_hash;
    Seq seq;
    UnixMillis sent_at;
    Match match;
  };
  static Match match_of(const storage::DirectMessage& message);
  static bool repeats(const Known& known, const storage::DirectMessage& message);
  struct Head {
    Seq seq = 0;
    UnixMillis sent_at = 0;
    std::int64_t n = 0;  // countable messages up to `seq`
  };
  struct Stream {
    SessionEpoch epoch = 0;
    std::uint64_t connection = 0;  // on which it was read; 0: read it again
    Head head;
    Head committed;  // the highest one seen in the table; below `head` while planned on
    std::uint64_t last_use = 0;
    bool planned_on = false;
    std::vector<Known> recent;  // oldest first; at most twice the window and what is planned
    // Hashes of their cids, in the same order. Most messages are new, and comparing the cids
    // themselves took a quarter of the lane's time.
    std::vector<std::size_t> cid_hashes;
  };
  using Key = std::uint64_t;
  using Streams = std::unordered_map<Key, Stream>;
  using Rows = std::span<const storage::DirectMessage>;

  static Key key_of(const storage::DirectStream& stream);
  static const Known* find_cid(const Stream& stream, std::string_view cid);
  static bool contradicts(const Stream& stream, const storage::DirectMessage& message);
  static void remember(Stream& stream, const storage::DirectMessage& message);
  static void trim(Stream& stream);
  static void rewind(Stream& stream);
  // The stream, if the cached state is valid for this login; otherwise nullptr.
  Streams::value_type* find(Key key, SessionEpoch epoch);
  Result<void> read_uncached(std::span<const Wanted> wanted);
  Result<void> read_outdated(std::span<const Wanted> wanted);
  Result<Streams::value_type*> stream_of(const storage::DirectMessage& message, SessionEpoch epoch);
  Result<std::vector<DirectStore::Tail>> find_unread(
      std::span<const storage::DirectStream> streams);
  Result<void> read(std::span<const DirectStore::Tail> tails);
  bool extend(const DirectStore::Tail& tail, Rows rows);
  void replace(Key key, Rows rows);
  void make_room();

  DirectStore& store_;
  std::uint64_t connection_ = 1;
  std::uint64_t uses_ = 0;
  Streams streams_;
  std::vector<UserId> read_senders_;
  std::vector<Streams::value_type*> planned_;  // the map never moves its elements
};

}  // namespace chat::delivery
