#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/unique_fd.h"
#include "child_process.h"
#include "support/temp_dir.h"

namespace chat::test {

// A private nginx on a free loopback port in front of other loopback ports. Its configuration is
// the shipped conf/nginx.conf ($CHAT_SOURCE_ROOT names the repository), or conf/nginx-tls.conf if
// given a folder with server.crt and server.key, with the addresses and files of this test. Start
// it on a thread that outlives it (see ChildProcess).
//
// Its workers are children of the nginx master, not of the test; the destructor ends them too.
class NginxServer {
 public:
  // Why it is unavailable here; empty if available.
  static std::string missing();

  explicit NginxServer(std::vector<std::uint16_t> upstreams,
                       std::filesystem::path certificate_folder = {});
  ~NginxServer();
  NginxServer(const NginxServer&) = delete;
  NginxServer& operator=(const NginxServer&) = delete;

  std::uint16_t port() const { return port_; }

  // Starts again on the same port, after kill9() or kill9_master(). Returns once it listens.
  void start();
  // Sends new connections to these upstreams; existing ones stay with the old workers. Returns once
  // no old worker accepts connections.
  void reload(std::vector<std::uint16_t> upstreams);
  // Ends every connection; the master starts new workers. Returns once they run.
  void kill9_workers();
  // The workers continue to serve old and new connections.
  void kill9_master();
  // Kills master and workers, which ends every connection.
  void kill9();
  // SIGSTOP and SIGCONT of the workers: while stopped they keep their sockets and forward nothing.
  void freeze();
  void thaw();
  std::string log() const;

 private:
  void configure() const;
  void launch();
  // The workers that accept connections, excluding those that are finishing.
  std::vector<pid_t> serving_workers() const;
  void keep_hold_of_workers();
  void end_workers(int signal);

  TempDir dir_;
  std::vector<std::uint16_t> upstreams_;
  const std::filesystem::path certificate_folder_;  // empty: without TLS
  std::uint16_t port_;
  std::unique_ptr<ChildProcess> master_;
  std::vector<base::UniqueFd> workers_;  // pidfds of workers whose master is about to be killed
};

}  // namespace chat::test
