#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"
#include "support/temp_dir.h"

namespace chat::test {

// Stands between a chat server and its database, passes bytes on, and cuts or holds up a connection
// at the worst moment: when a COMMIT is on its way. Both ends are Unix sockets.
// Threading: thread-safe; one thread of its own carries the bytes.
class MysqlProxy {
 public:
  enum class Cut {
    kNothing,
    kAfterDelivery,   // the database gets the COMMIT, the chat server never gets the answer
    kBeforeDelivery,  // the COMMIT gets lost
    kHold,            // nothing is cut: the COMMIT stays here, and its transaction keeps its locks
  };

  explicit MysqlProxy(std::string database_socket);
  ~MysqlProxy();
  MysqlProxy(const MysqlProxy&) = delete;
  MysqlProxy& operator=(const MysqlProxy&) = delete;

  std::string socket() const { return dir_.file("proxy.sock"); }
  // The next COMMIT is cut in this way, once.
  void cut_next_commit(Cut cut) { cut_ = cut; }
  int cuts() const { return cuts_; }

 private:
  struct Link {
    base::UniqueFd client;
    base::UniqueFd database;
    bool dead = false;
  };

  void work();
  void accept_one();
  void carry(Link& link, bool from_client);
  bool cut_here(Link& link, const std::string& bytes);

  const std::string database_socket_;
  TempDir dir_;
  base::UniqueFd listener_;
  base::UniqueFd stop_;
  std::atomic<Cut> cut_ = Cut::kNothing;
  std::atomic<int> cuts_ = 0;
  std::vector<std::unique_ptr<Link>> links_;  // the thread's
  base::Thread thread_;
};

}  // namespace chat::test
