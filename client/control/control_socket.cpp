#include "client/control/control_socket.h"

#include <fmt/format.h>
#include <ini.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "chat/protocol/admin_path.h"

namespace chat::client::control {
namespace {

// Longer than the slowest command, which waits for the database.
constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0};
constexpr std::size_t kReplyMax = 16 * 1024 * 1024;

// The keys of the server's configuration that decide where its socket is, with their defaults.
struct SocketKeys {
  std::string admin_socket{protocol::kAdminSocketAuto};
  std::string node;
  std::string listen = "127.0.0.1:6000";
  std::string engine = "sqlite";
  std::string path = "var/chat.db";
};

// inih's ini_handler: 0 means a bad line.
int on_value(void* into, const char* section, const char* name, const char* value) {
  auto& keys = *static_cast<SocketKeys*>(into);
  const std::string key = std::string(section) + "." + name;
  if (key == "server.admin_socket") keys.admin_socket = value;
  if (key == "server.node") keys.node = value;
  if (key == "server.listen") keys.listen = value;
  if (key == "storage.engine") keys.engine = value;
  if (key == "storage.path") keys.path = value;
  return 1;
}

tl::unexpected<Error> broken(const std::string& why) {
  return fail(ErrorCode::kUnavailable, "the connection to the server was lost: " + why);
}

tl::unexpected<Error> cannot_connect(const std::string& path, int reason) {
  if (reason == ENOENT || reason == ECONNREFUSED) {
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("no server listens on {}: is chatserver running, and is this its folder? "
                    "(see --socket and --config)",
                    path));
  }
  if (reason == EACCES || reason == EPERM) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("you may not connect to {}: run chatctl as the user that runs the "
                            "server, or as root",
                            path));
  }
  return fail(ErrorCode::kUnavailable,
              fmt::format("cannot connect to {}: {}", path, std::strerror(reason)));
}

}  // namespace

Result<std::string> find_socket(const ControlOptions& options) {
  if (!options.socket.empty()) return options.socket;
  SocketKeys keys;
  if (!options.config.empty()) {
    const int line = ini_parse(options.config.c_str(), on_value, &keys);
    if (line < 0) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("cannot read the configuration file {}", options.config));
    }
    if (line > 0) {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("{}:{}: this is not a line of a configuration file", options.config, line));
    }
  }
  if (keys.admin_socket.empty()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{} has no socket for operators: set server.admin_socket", options.config));
  }
  if (keys.admin_socket != protocol::kAdminSocketAuto) return keys.admin_socket;
  return protocol::default_admin_socket(keys.engine == "sqlite" ? keys.path : "",
                                        keys.node.empty() ? keys.listen : keys.node);
}

Result<void> ControlSocket::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return cannot_connect(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  fd_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd_) return cannot_connect(path, errno);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd_.get(), generic, sizeof(address)) != 0) return cannot_connect(path, errno);
  return {};
}

Result<ControlJson> ControlSocket::ask(const std::string& command, const Arguments& arguments) {
  ControlJson args = ControlJson::object();
  for (const auto& [name, value] : arguments) {
    std::visit([&args, &key = name](const auto& given) { args[key] = given; }, value);
  }
  const ControlJson request{{"command", command}, {"args", args}};
  const auto sent =
      send(request.dump(-1, ' ', false, ControlJson::error_handler_t::replace) + "\n");
  if (!sent) return fail(sent);
  const auto line = read_line();
  if (!line) return fail(line);
  const ControlJson reply = ControlJson::parse(*line, nullptr, false);
  if (!reply.is_object() || !reply.contains("ok")) return broken("its answer makes no sense");
  if (reply.value("ok", false)) return reply.value("result", ControlJson::object());
  return fail(ErrorCode::kInvalidArgument, reply.value("error", "the server refused the command"));
}

Result<void> ControlSocket::send(const std::string& line) {
  for (std::size_t at = 0; at < line.size();) {
    const ssize_t sent = ::send(fd_.get(), line.data() + at, line.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return broken(std::strerror(errno));
    at += static_cast<std::size_t>(sent);
  }
  return {};
}

Result<std::string> ControlSocket::read_line() {
  std::string line;
  std::array<char, 64 * 1024> buffer;
  while (line.size() < kReplyMax) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return broken("it did not answer within 30 s");
    if (got < 0) return broken(std::strerror(errno));
    if (got == 0) return broken("it closed the connection");
    line.append(buffer.data(), static_cast<std::size_t>(got));
    if (line.ends_with('\n')) return line;
  }
  return broken("its answer is too long");
}

}  // namespace chat::client::control
