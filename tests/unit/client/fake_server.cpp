#include "fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "chat/base/check.h"
#include "chat/protocol/msgid.h"

namespace chat::client::test {

std::optional<json> Peer::next() {
  for (;;) {
    if (const auto frame = decoder_.next()) return json::parse(*frame);
    char chunk[4096];
    const ssize_t count = ::recv(socket_, chunk, sizeof chunk, 0);
    if (count <= 0) return std::nullopt;
    input_.assign(chunk, static_cast<std::size_t>(count));
    decoder_.feed(input_);
  }
}

bool Peer::drop_some() {
  char chunk[4096];
  return ::recv(socket_, chunk, sizeof chunk, 0) > 0;
}

bool Peer::answer(const json& fields) {
  const auto request = next();
  if (request) send(reply_to(*request, fields));
  return request.has_value();
}

void Peer::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

json Peer::reply_to(const json& request, const json& fields) {
  const auto msgid = static_cast<protocol::Msgid>(request["msgid"].get<int>());
  json reply = {{"msgid", static_cast<int>(protocol::reply_to(msgid))}, {"errno", 0}};
  if (request.contains("cid")) reply["cid"] = request["cid"];
  reply.update(fields);
  return reply;
}

std::string Peer::frame(const json& message) {
  std::string out;
  protocol::append_frame(out, protocol::Framing::kBinary, message.dump());
  return out;
}

FakeServer::FakeServer(std::function<void(Peer&)> script) {
  listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  CHAT_CHECK(::bind(listener_.get(), any, size) == 0);
  CHAT_CHECK(::listen(listener_.get(), 8) == 0);
  CHAT_CHECK(::getsockname(listener_.get(), any, &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, script = std::move(script)] { serve(script); });
}

FakeServer::~FakeServer() {
  stopping_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  const int current = current_;
  if (current >= 0) ::shutdown(current, SHUT_RDWR);
  thread_.join();
}

void FakeServer::serve(const std::function<void(Peer&)>& script) {
  while (!stopping_) {
    base::UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) return;
    current_ = socket.get();
    Peer peer(socket.get());
    if (!stopping_) script(peer);
    current_ = -1;
  }
}

}  // namespace chat::client::test
