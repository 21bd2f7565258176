#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "user.h"

// Floods of long texts to a client that may not read them, and their effect on others.
namespace chat::test {

inline constexpr std::int64_t kTextCodePoints = 4000;
inline constexpr std::int64_t kTextBytes = 4 * kTextCodePoints;

// A text of the maximum length that contains its number.
std::string long_text(int number);

// Sends `count` long texts, `window` of them unanswered.
void flood(User& sender, std::int64_t to, int first, int count, int window);

// A client with a small receive buffer.
User log_in_with_small_buffer(std::uint16_t port, const Account& account, Wire wire = Wire::kText);

// The bytes unsent in the kernel for the server's connection to `client_port`: the tx_queue of
// /proc/net/tcp. -1 if there is no such connection.
std::int64_t unsent_in_kernel(std::uint16_t server_port, std::uint16_t client_port);

// Measures chats between two other users, one at a time, from sending to the arrival of the push.
// Threading: a separate thread chats until stop(); p99() and chats() after that.
class OtherPair {
 public:
  explicit OtherPair(std::uint16_t port, const std::string& name = "pair");
  ~OtherPair() { stop(); }

  void stop();
  milliseconds p99();
  std::size_t chats() const { return latencies_.size(); }

 private:
  void run();

  User alice_;
  User bob_;
  std::atomic<bool> stopping_ = false;
  std::vector<milliseconds> latencies_;
  std::thread thread_;
};

}  // namespace chat::test
