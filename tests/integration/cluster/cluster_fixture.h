#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/clients/expect.h"
#include "support/clients/user.h"
#include "support/deadline.h"
#include "support/processes/cluster.h"

// Fixtures for tests of several servers.
namespace chat::test {

constexpr int kPresence = 200;
constexpr int kBye = 204;

// A separate cluster per test; if unavailable, the test is skipped.
class WithCluster : public ::testing::Test {
 protected:
  explicit WithCluster(std::size_t nodes = 2, Settings more = {}, Wiring wiring = Wiring::kDirect)
      : nodes_(nodes), more_(std::move(more)), wiring_(wiring) {}

  void SetUp() override {
    if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
    cluster = std::make_unique<Cluster>(nodes_, more_, wiring_);
  }

  std::uint16_t port(std::size_t node) { return cluster->port(node); }
  Account account(const std::string& name) { return register_account(port(0), name); }
  User log_in_on(std::size_t node, const Account& who, const Json& more = Json::object()) {
    return log_in(port(node), who, Wire::kText, more);
  }
  User user_on(std::size_t node, const std::string& name, const Json& more = Json::object()) {
    return new_user(port(node), name, Wire::kText, more);
  }

  std::unique_ptr<Cluster> cluster;

 private:
  const std::size_t nodes_;
  const Settings more_;
  const Wiring wiring_;
};

inline Json acking() {
  return {{"ack", true}};
}
inline Json taking_over() {
  return {{"takeover", true}};
}
inline Json token_login(const Json& welcome, const Json& more = Json::object()) {
  Json request = {{"msgid", 1}, {"token", welcome.at("token")}};
  request.update(more);
  return request;
}

// A stream from its recipient's view: whether it is a group's, and the group or the sender.
using Stream = std::pair<bool, std::int64_t>;
inline Stream stream_of(const Json& message) {
  const bool group = message.at("msgid") == 10;
  return {group, message.at(group ? "groupid" : "id").get<std::int64_t>()};
}
inline Json delivered_of(const Json& message) {
  const auto [group, id] = stream_of(message);
  const auto seq = message.at("seq").get<std::int64_t>();
  return group ? group_delivered_request(id, seq) : delivered_request(id, seq);
}

// One recipient's messages of all streams, over all its connections. Repeats are dropped, as by
// clients; a gap fails the test, after the first message of a group. Not for groups to which the
// recipient writes, where its own messages are gaps.
class Inbox {
 public:
  // True if it is new.
  bool take(const Json& message) {
    const auto stream = stream_of(message);
    const auto seq = message.at("seq").get<std::int64_t>();
    // The first rows of a group are its members' joins.
    const auto place = last_.try_emplace(stream, stream.first ? seq - 1 : 0).first;
    std::int64_t& last = place->second;
    if (seq <= last) {
      ++repeats_;
      return false;
    }
    EXPECT_EQ(seq, last + 1) << "hole before " << message.dump().substr(0, 300);
    last = seq;
    ++count_;
    return true;
  }
  void take_offline(const Json& welcome) {
    for (const Json& message : welcome.at("offlinemsg")) take(message);
  }
  std::int64_t last(const Stream& stream) const {
    const auto found = last_.find(stream);
    return found == last_.end() ? 0 : found->second;
  }
  std::int64_t count() const { return count_; }
  std::int64_t repeats() const { return repeats_; }

 private:
  std::map<Stream, std::int64_t> last_;
  std::int64_t count_ = 0;
  std::int64_t repeats_ = 0;
};

}  // namespace chat::test
