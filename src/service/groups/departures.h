#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/service/service_environment.h"
#include "chat/storage/departure_model.h"
#include "service/groups/group_act.h"

namespace chat::service {

// Takes deleted accounts out of their groups, one group per transaction, so that nobody's messages
// wait for hundreds of groups. The transaction that deletes the account notes it in the table
// `departure`; whatever is not done by then is done by a thread of any server, also after a crash.
// Threading: begin(), leave_first() and note() are thread-safe; start() and stop() externally
// synchronised. Ownership: what the environment refers to outlives it.
class Departures {
 public:
  // So many groups are left before the deletion is answered.
  static constexpr std::size_t kAtOnce = 16;

  explicit Departures(const ServiceEnvironment& environment) : environment_(environment) {}
  ~Departures() { stop(); }

  void start();
  void stop();

  // Call in the transaction that deletes the account.
  Result<void> begin(storage::Connection& connection, UserId user, std::string_view name);
  // Call after the COMMIT of the deletion. Leaves some groups here, and the others on the thread;
  // nothing if the user has none. Blocks on the database.
  void leave_first(UserId user);
  // Leaves them all on the thread.
  void note(UserId user);

 private:
  enum class Progress { kFinished, kMore, kFailed };

  Progress leave(const storage::Departure& departure, std::size_t most);
  bool leave_group(const storage::Departure& departure, GroupId group);
  bool end(const storage::Departure& departure);
  Result<std::vector<storage::Departure>> due(const std::vector<UserId>& noted);
  void work();

  const ServiceEnvironment environment_;
  base::StopSignal stop_;
  base::Thread thread_;

  base::Mutex mutex_;
  std::vector<UserId> noted_ CHAT_GUARDED_BY(mutex_);  // to be continued by this server
};

}  // namespace chat::service
