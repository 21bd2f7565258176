// The kernel lists TCP sockets in /proc/net/tcp and tcp6: a line names the local address in hex,
// the state (0A: listening) and the socket's inode; the process that has it open has a link to
// "socket:[inode]" in /proc/<pid>/fd. Processes of other users cannot be inspected.
#include "server/port_owner.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>

namespace chat::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";

bool is_every_address(std::string_view hex) {
  return hex.find_first_not_of('0') == std::string_view::npos;
}

// The address in the format of /proc/net/tcp.
std::string hex_of(const net::Address& address) {
  std::string text;
  const auto append = [&](const void* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; i += sizeof(std::uint32_t)) {
      std::uint32_t word = 0;
      std::memcpy(&word, static_cast<const char*>(bytes) + i, sizeof(word));
      text += fmt::format("{:08X}", word);
    }
  };
  if (address.is_ipv6()) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(address.data());
    append(&in->sin6_addr, sizeof(in->sin6_addr));
  } else {
    const auto* in = reinterpret_cast<const sockaddr_in*>(address.data());
    append(&in->sin_addr, sizeof(in->sin_addr));
  }
  return text;
}

// The inode of a socket that listens there; empty if this file has none.
std::string listening_inode(const char* file, const net::Address& address) {
  const std::string wanted = hex_of(address);
  const std::string port = fmt::format("{:04X}", address.port());
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);  // the header
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
        timeout >> inode;
    const auto colon = local.find(':');
    if (state != kListening || colon == std::string::npos) continue;
    const std::string host = local.substr(0, colon);
    const bool meets = host == wanted || is_every_address(host) || is_every_address(wanted);
    if (meets && local.substr(colon + 1) == port) return inode;
  }
  return "";
}

bool has_socket(const fs::path& process, const std::string& socket) {
  std::error_code error;
  for (fs::directory_iterator file(process / "fd", error), end; !error && file != end;
       file.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(file->path(), unreadable) == socket && !unreadable) return true;
  }
  return false;
}

std::string name_of(const fs::path& process) {
  std::string name;
  std::getline(std::ifstream(process / "comm"), name);
  return name;
}

}  // namespace

std::string listener_of(const net::Address& address) {
  std::string inode = listening_inode("/proc/net/tcp", address);
  if (inode.empty()) inode = listening_inode("/proc/net/tcp6", address);
  if (inode.empty()) return "";
  const std::string socket = "socket:[" + inode + "]";
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    const std::string pid = process->path().filename().string();
    if (std::isdigit(static_cast<unsigned char>(pid.front())) == 0) continue;
    if (has_socket(process->path(), socket)) {
      return fmt::format("{} (pid {})", name_of(process->path()), pid);
    }
  }
  return "another process";
}

}  // namespace chat::server
