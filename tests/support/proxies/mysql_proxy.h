#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "fault_proxy.h"

namespace chat::test {

// Stands between a chat server and its database, passes bytes on, and cuts or holds up a connection
// at the worst moment: when a COMMIT, or a statement that may commit itself, is on its way. It
// follows each connection's statements, so that the commit of one kind of write can be chosen. Both
// ends are Unix sockets. Threading: thread-safe.
class MysqlProxy {
 public:
  enum class Cut {
    kNothing,
    kAfterDelivery,   // the database gets the COMMIT, the chat server never gets the answer
    kBeforeDelivery,  // the COMMIT gets lost
    kHold,            // nothing is cut: the COMMIT stays here, and its transaction keeps its locks
  };

  explicit MysqlProxy(std::string database_socket)
      : proxy_(std::move(database_socket),
               FaultProxy::ConnectionJudge(
                   [this](std::uint64_t connection, FaultProxy::Way way, std::string_view bytes) {
                     return judge(connection, way, bytes);
                   })) {}

  std::string socket() const { return proxy_.socket(); }
  // The next COMMIT, or insert of many rows that commits itself, is cut in this way, once.
  void cut_next_commit(Cut cut) { cut_next(cut, std::string(kAnyBatch)); }
  // The next write is cut in this way, once, that has a statement with this text in it ("INSERT
  // INTO groupuser"): its COMMIT, or the statement itself where it commits itself. An empty text
  // stands for any write.
  void cut_next_commit_of(std::string text, Cut cut) { cut_next(cut, std::move(text)); }
  // Whether a cut was asked for and has not happened yet.
  bool cut_is_due() const CHAT_EXCLUDES(mutex_);
  int cuts() const { return proxy_.cuts(); }
  // For what else can happen between the two.
  FaultProxy& network() { return proxy_; }

 private:
  static constexpr std::string_view kAnyBatch = "any batch";

  // What one connection is in the middle of.
  struct Conversation {
    std::unordered_map<std::uint32_t, std::string> statements;  // prepared ones, by their number
    std::string preparing;                                      // its number is in the next answer
    std::string written;  // by the statements of this transaction
    bool in_transaction = false;
    std::size_t rest = 0;  // bytes of a packet that are still to come
  };

  void cut_next(Cut cut, std::string text) CHAT_EXCLUDES(mutex_);
  FaultProxy::Fate judge(std::uint64_t connection, FaultProxy::Way way, std::string_view bytes)
      CHAT_EXCLUDES(mutex_);
  bool commits_what_is_wanted(Conversation& conversation, std::string_view packet)
      CHAT_REQUIRES(mutex_);
  bool is_wanted(std::string_view written, bool is_batch) const CHAT_REQUIRES(mutex_);
  static void take_answer(Conversation& conversation, std::string_view bytes);

  mutable base::Mutex mutex_;
  Cut cut_ CHAT_GUARDED_BY(mutex_) = Cut::kNothing;
  std::string text_ CHAT_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, Conversation> conversations_ CHAT_GUARDED_BY(mutex_);
  FaultProxy proxy_;  // last: its thread uses the rest
};

}  // namespace chat::test
