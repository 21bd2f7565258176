#pragma once

#include <poll.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"

namespace chat::server {

// The Unix socket of operators (chat/protocol/admin_path.h). Only the user that runs the server,
// and root, can connect.
// Threading: open(), start() and stop() by one thread. A thread of its own serves all connections
// and runs one command at a time, which may block.
// Bounds: kConnectionsMax connections, a line each.
class AdminSocket {
 public:
  static constexpr std::size_t kConnectionsMax = 8;

  // The reply to a line sent by a process of the user `uid`, with its LF.
  using Answer = std::function<std::string(std::string_view line, std::uint32_t uid)>;

  AdminSocket();
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

  // Makes the file `path`, and its folder. A file left behind by a server that has died is
  // replaced; the errors are sentences for the operator.
  Result<void> open(const std::string& path);
  void start(Answer answer);
  // Ends after the running command, and removes the file. May be called again.
  void stop();

 private:
  class Client;

  void work();
  void accept_clients();
  void serve(const std::vector<pollfd>& ready);
  bool is_ours() const;

  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  base::UniqueFd socket_;
  base::UniqueFd wake_;  // an eventfd
  std::atomic<bool> stopping_{false};
  Answer answer_;
  std::vector<std::unique_ptr<Client>> clients_;  // confined to the thread
  base::Thread thread_;
};

}  // namespace chat::server
