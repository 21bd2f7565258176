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

// An nginx of the tests' own, on a free loopback port in front of other loopback ports. Its
// configuration is conf/nginx.conf ($CHAT_SOURCE_ROOT names the repository) with the addresses
// and files of this test, so that what is tested is what is shipped: PROXY protocol, time-outs,
// failover; with a folder that holds server.crt and server.key it is conf/nginx-tls.conf. Start it
// on a thread that stays (see ChildProcess).
//
// Its workers are children of the nginx master, not of the test; the destructor ends them too.
class NginxServer {
 public:
  // Why there can be none here; empty when there can.
  static std::string missing();

  explicit NginxServer(std::vector<std::uint16_t> upstreams,
                       std::filesystem::path certificate_folder = {});
  ~NginxServer();
  NginxServer(const NginxServer&) = delete;
  NginxServer& operator=(const NginxServer&) = delete;

  std::uint16_t port() const { return port_; }

  // Starts again on the same port, after kill9() or kill9_master(). Returns once it listens.
  void start();
  // New connections go to these from now on; those that exist stay with the old workers. Returns
  // once no old worker takes connections any more.
  void reload(std::vector<std::uint16_t> upstreams);
  // Every connection ends; the master makes new workers. Returns once it has.
  void kill9_workers();
  // The workers go on: connections stay, and new ones are served as before.
  void kill9_master();
  // Master and workers: every connection ends.
  void kill9();
  // SIGSTOP and SIGCONT of the workers: they hold their sockets and pass nothing on.
  void freeze();
  void thaw();
  std::string log() const;

 private:
  void configure() const;
  void launch();
  // Workers that have the port: all that live but for those that only finish what they have.
  std::vector<pid_t> serving_workers() const;
  void keep_hold_of_workers();
  void end_workers(int signal);

  TempDir dir_;
  std::vector<std::uint16_t> upstreams_;
  const std::filesystem::path certificate_folder_;  // empty: without TLS
  std::uint16_t port_;
  std::unique_ptr<ChildProcess> master_;
  std::vector<base::UniqueFd> workers_;  // pidfds of those whose master is about to die
};

}  // namespace chat::test
