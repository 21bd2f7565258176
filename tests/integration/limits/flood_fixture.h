#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "support/clients/hose.h"
#include "support/figure.h"
#include "support/repeated.h"

// Fixtures for tests that flood a server while others use it. $CHAT_FLOOD_SECONDS is the duration
// of each flood.
namespace chat::test {

using std::chrono::microseconds;
using std::chrono::steady_clock;

inline std::chrono::seconds flood_time(std::chrono::seconds usual) {
  const char* text = std::getenv("CHAT_FLOOD_SECONDS");
  const int given = text == nullptr ? 0 : std::atoi(text);
  return given > 0 ? std::chrono::seconds(given) : usual;
}

// The exact limit is checked manually, with $CHAT_FLOOD_SECONDS set, on an idle machine: among
// other tests only large deviations are detected. A sanitized server cannot keep up at all.
inline milliseconds p99_max(milliseconds promised, milliseconds among_others) {
  if (sanitized()) return std::chrono::hours(1);
  return std::getenv("CHAT_FLOOD_SECONDS") == nullptr ? among_others : promised;
}

// The quantile of that fraction.
inline microseconds quantile(const std::vector<microseconds>& sorted, double part) {
  return sorted.at(static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * part));
}

// The default settings, where other tests use cheap hashes and no limits. Except limits per
// address, because a real flood comes from many addresses.
inline Settings as_packaged(Settings more = {}) {
  Settings all = {"auth.argon2_memory_kib=19456", "auth.argon2_ops=2",
                  "limits.account_failures_per_minute=5", "limits.bytes_per_second=65536",
                  "limits.chat_per_second=20"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

inline std::string line(const Json& request) {
  return frame(Wire::kText, request.dump());
}

// Two well-behaved users during a flood, who must not be affected: 20 messages a second between
// them, none lost, and quick.
class BesideAFlood : public WithServer {
 protected:
  // Alice may catch up with her schedule where a message took longer.
  BesideAFlood() : WithServer(as_packaged({"limits.chat_per_second=40"})) {}

  // For `usual`, unless $CHAT_FLOOD_SECONDS says otherwise.
  void expect_not_to_notice(const std::string& name, Hose& hose, std::chrono::seconds usual,
                            milliseconds among_others) {
    std::vector<microseconds> latencies = chat_for(flood_time(usual));
    hose.stop();
    ASSERT_FALSE(latencies.empty());
    std::sort(latencies.begin(), latencies.end());
    const microseconds p99 = quantile(latencies, 0.99);
    figure(name + "_p50", quantile(latencies, 0.5).count(), "us");
    figure(name + "_p99", p99.count(), "us");
    figure(name + "_max", latencies.back().count(), "us");
    figure(name + "_connections", hose.connections());
    figure(name + "_bytes_sent", hose.bytes_sent());
    figure(name + "_bytes_read", hose.bytes_read());
    EXPECT_LE(p99, p99_max(milliseconds(20), among_others));
    EXPECT_GT(hose.connections(), 0);
    ASSERT_TRUE(server.running());
    EXPECT_TRUE(bob.client.waiting() == 0 && alice.client.waiting() == 0) << "something came twice";
  }

  User alice = new_user("alice");
  User bob = new_user("bob", Wire::kBinary);

 private:
  static constexpr milliseconds kBetweenChats{50};

  // From the scheduled time of a message to its arrival. Nothing else arrives in between.
  std::vector<microseconds> chat_for(std::chrono::seconds time) {
    std::vector<microseconds> latencies;
    const auto begin = steady_clock::now();
    const auto count = static_cast<int>(time / kBetweenChats);
    // If messages take longer than their interval, there are fewer of them.
    for (int i = 1; i <= count && steady_clock::now() < begin + time; ++i) {
      const auto due = begin + i * kBetweenChats;
      bob.client.expect_no_push_for(std::chrono::floor<milliseconds>(due - steady_clock::now()));
      const auto sent = std::min(due, steady_clock::now());
      alice.client.send(chat_request(alice.account, bob.id(), "message " + std::to_string(i)));
      const Json push = bob.client.push(6);
      latencies.push_back(std::chrono::ceil<microseconds>(steady_clock::now() - sent));
      EXPECT_EQ(push.at("msg"), "message " + std::to_string(i));
      EXPECT_EQ(push.at("seq"), ++seq_);
      expect_ok(alice.client.reply({{"msgid", 6}}), 106);
    }
    return latencies;
  }

  std::int64_t seq_ = 0;
};

}  // namespace chat::test
