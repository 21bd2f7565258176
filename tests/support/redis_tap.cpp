#include "support/redis_tap.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <optional>
#include <stdexcept>

namespace chat::test {
namespace {

base::UniqueFd connect_to_redis(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("a path is too long");
  path.copy(address.sun_path, path.size());
  base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd.get(), generic, sizeof(address)) != 0) {
    throw std::runtime_error("cannot connect to " + path);
  }
  return fd;
}

// False if nothing arrives in time.
bool read_more(const base::UniqueFd& fd, std::string& bytes, const Deadline& deadline) {
  pollfd ready{fd.get(), POLLIN, 0};
  if (::poll(&ready, 1, deadline.poll_timeout()) <= 0) return false;
  char buffer[16 * 1024];
  const ssize_t count = ::recv(fd.get(), buffer, sizeof(buffer), 0);
  if (count <= 0) throw std::runtime_error("Redis has ended the connection");
  bytes.append(buffer, static_cast<std::size_t>(count));
  return true;
}

// The number after `kind`, up to the end of the line, off the front of `bytes`. Nothing if
// incomplete.
std::optional<std::size_t> take_header(std::string_view& bytes, char kind) {
  const auto end = bytes.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  std::size_t number = 0;
  if (bytes.front() != kind) throw std::runtime_error("Redis says something else");
  std::from_chars(bytes.data() + 1, bytes.data() + end, number);
  bytes.remove_prefix(end + 2);
  return number;
}

std::optional<std::string> take_word(std::string_view& bytes) {
  if (!bytes.empty() && bytes.front() == ':') return std::to_string(*take_header(bytes, ':'));
  const auto size = take_header(bytes, '$');
  if (!size || bytes.size() < *size + 2) return std::nullopt;
  std::string word(bytes.substr(0, *size));
  bytes.remove_prefix(*size + 2);
  return word;
}

}  // namespace

RedisTap::RedisTap(const std::string& socket)
    : listener_(connect_to_redis(socket)), publisher_(connect_to_redis(socket)) {
  send(listener_, {"PSUBSCRIBE", "*"});
  // "*3 $10 psubscribe $1 * :1"
  while (!received_.ends_with(":1\r\n")) {
    if (!read_more(listener_, received_, Deadline())) throw std::runtime_error("Redis is silent");
  }
  received_.clear();
}

void RedisTap::send(const base::UniqueFd& fd, const std::vector<std::string_view>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n";
    bytes.append(word).append("\r\n");
  }
  if (::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("cannot write to Redis");
  }
}

// True if a complete message was found.
bool RedisTap::cut_message(std::vector<Message>& messages) {
  std::string_view rest = received_;
  if (!take_header(rest, '*')) return false;
  Message message;
  // "pmessage", the pattern, the channel and what was published
  for (std::string* part : {static_cast<std::string*>(nullptr), static_cast<std::string*>(nullptr),
                            &message.channel, &message.payload}) {
    auto word = take_word(rest);
    if (!word) return false;
    if (part != nullptr) *part = *std::move(word);
  }
  received_.erase(0, received_.size() - rest.size());
  messages.push_back(std::move(message));
  return true;
}

std::vector<RedisTap::Message> RedisTap::take(milliseconds time) {
  const Deadline deadline(time);
  while (!deadline.passed() && read_more(listener_, received_, deadline)) {
  }
  std::vector<Message> messages;
  while (!received_.empty() && cut_message(messages)) {
  }
  return messages;
}

void RedisTap::publish(const Message& message) {
  send(publisher_, {"PUBLISH", message.channel, message.payload});
  std::string answer;
  while (!answer.ends_with("\r\n")) {
    if (!read_more(publisher_, answer, Deadline())) throw std::runtime_error("Redis is silent");
  }
}

}  // namespace chat::test
