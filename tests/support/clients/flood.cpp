#include "flood.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace chat::test {

using std::chrono::steady_clock;

std::string long_text(int number) {
  std::string text = std::to_string(number) + " ";
  const auto ascii = static_cast<std::int64_t>(text.size());
  for (std::int64_t i = ascii; i < kTextCodePoints; ++i) text += "😀";
  return text;
}

void flood(User& sender, std::int64_t to, int first, int count, int window) {
  int sent = 0;
  for (int answered = 0; answered < count; ++answered) {
    for (; sent < count && sent - answered < window; ++sent) {
      sender.client.send(chat_request(sender.account, to, long_text(first + sent)));
    }
    const Json ack = sender.client.receive();
    if (ack.value("errno", -1) != 0) throw std::runtime_error("refused: " + ack.dump());
  }
}

User log_in_with_small_buffer(std::uint16_t port, const Account& account, Wire wire) {
  User user{account, RawClient(port, RawClient::Options{wire, "127.0.0.1", 4096}), {}};
  user.welcome = request_ok(user.client, login_request(account));
  return user;
}

std::int64_t unsent_in_kernel(std::uint16_t server_port, std::uint16_t client_port) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, queues;
    words >> slot >> local >> remote >> state >> queues;
    const auto port_of = [](const std::string& address) {
      return std::stoul(address.substr(address.find(':') + 1), nullptr, 16);
    };
    if (port_of(local) == server_port && port_of(remote) == client_port) {
      return std::stoll(queues.substr(0, queues.find(':')), nullptr, 16);
    }
  }
  return -1;
}

OtherPair::OtherPair(std::uint16_t port, const std::string& name)
    : alice_(new_user(port, name + " a")),
      bob_(new_user(port, name + " b")),
      thread_([this] { run(); }) {}

void OtherPair::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

milliseconds OtherPair::p99() {
  std::sort(latencies_.begin(), latencies_.end());
  return latencies_.empty() ? milliseconds::max() : latencies_[latencies_.size() * 99 / 100];
}

void OtherPair::run() {
  try {
    while (!stopping_) {
      const auto begin = steady_clock::now();
      alice_.chat(bob_.id(), "quick");
      bob_.client.push(6);
      latencies_.push_back(std::chrono::ceil<milliseconds>(steady_clock::now() - begin));
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << "the other pair: " << error.what();
  }
}

}  // namespace chat::test
