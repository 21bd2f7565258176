#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "fault_proxy.h"

namespace chat::test {

// A proxy between a chat server and its database that cuts or delays a connection at the worst
// moment: when a COMMIT, or a statement that commits itself, is in flight. It tracks each
// connection's statements, so that the commit of one kind of write can be selected. Both ends are
// Unix sockets. Threading: thread-safe.
class MysqlProxy {
 public:
  enum class Cut {
    kNothing,
    kAfterDelivery,   // the database gets the COMMIT, the chat server no answer
    kBeforeDelivery,  // the COMMIT is lost
    kHold,   // nothing is cut: the COMMIT is held back, and its transaction keeps its locks
    kDelay,  // the COMMIT and what follows wait until network().blackhole(kToServer, false)
  };

  explicit MysqlProxy(std::string database_socket)
      : proxy_(std::move(database_socket),
               FaultProxy::ConnectionJudge(
                   [this](std::uint64_t connection, FaultProxy::Way way, std::string_view bytes) {
                     return judge(connection, way, bytes);
                   })) {}

  std::string socket() const { return proxy_.socket(); }
  // Cuts the next COMMIT, or bulk insert that commits itself, in this way, once.
  void cut_next_commit(Cut cut) { cut_next(cut, std::string(kAnyBatch)); }
  // Cuts, once, the commit of the next write with a statement that contains this text ("INSERT INTO
  // groupuser"): its COMMIT, or the statement if it commits itself. An empty text means any write.
  void cut_next_commit_of(std::string text, Cut cut) { cut_next(cut, std::move(text)); }
  // True if a requested cut has not happened yet.
  bool cut_is_due() const CHAT_EXCLUDES(mutex_);
  int cuts() const { return proxy_.cuts(); }
  // For other faults between the two.
  FaultProxy& network() { return proxy_; }

 private:
  static constexpr std::string_view kAnyBatch = "any batch";

  // The state of one connection.
  struct Conversation {
    std::unordered_map<std::uint32_t, std::string> statements;  // prepared statements, by number
    std::string preparing;                                      // its number follows in the answer
    std::string written;  // by the statements of this transaction
    bool in_transaction = false;
    bool begins_implicitly = false;  // the next transaction, without a statement for it
    std::size_t rest = 0;            // outstanding bytes of a packet
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
  FaultProxy proxy_;  // last, because its thread uses the other members
};

}  // namespace chat::test
