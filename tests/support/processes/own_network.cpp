#include "own_network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "chat/base/unique_fd.h"
#include "child_process.h"

namespace chat::test {
namespace {

constexpr const char* kNft = "/usr/sbin/nft";

RunResult nft(const std::string& commands) {
  return run_to_end({kNft, commands});
}

// Enters a namespace, as its root if this user is not root.
bool enter() {
  const auto user = std::to_string(::geteuid());
  const auto group = std::to_string(::getegid());
  if (::geteuid() == 0) return ::unshare(CLONE_NEWNET) == 0;
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " + user + " 1";
  std::ofstream("/proc/self/gid_map") << "0 " + group + " 1";
  return ::geteuid() == 0;
}

bool loopback_up() {
  const base::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  return socket && ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

// Packets are dropped on input, so the sender notices nothing.
std::string prepare() {
  if (::access(kNft, X_OK) != 0) return std::string(kNft) + " is not here: install nftables";
  if (!enter()) return "no network namespace of one's own";
  if (!loopback_up()) return "a network namespace without a loopback interface";
  const RunResult made =
      nft("add table inet chat; add chain inet chat lost { type filter hook input priority 0; };");
  return made.exit_code == 0 ? "" : "nft may not: " + made.errors;
}

void add(const std::string& rule) {
  const RunResult added = nft("add rule inet chat lost " + rule);
  if (added.exit_code != 0) throw std::runtime_error("nft: " + added.errors);
}

}  // namespace

std::string OwnNetwork::missing() {
  static const std::string why = prepare();
  return why;
}

void OwnNetwork::drop_to(std::uint16_t port) {
  add("tcp dport " + std::to_string(port) + " drop");
}

void OwnNetwork::drop_from(std::uint16_t port) {
  add("tcp sport " + std::to_string(port) + " drop");
}

void OwnNetwork::pass_all() {
  nft("flush chain inet chat lost");
}

}  // namespace chat::test
