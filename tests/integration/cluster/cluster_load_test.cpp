// Many at once across two nodes: full speed, a crowd that logs in together, a group on both.
// $CHAT_TEST_SECONDS: how long the senders send.
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "cluster_fixture.h"
#include "support/occurrences.h"

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWindow = 32;

milliseconds sending_time() {
  const char* seconds = std::getenv("CHAT_TEST_SECONDS");
  return std::chrono::seconds(seconds == nullptr ? 5 : std::atoi(seconds));
}

std::int64_t ms_since(Clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - begin).count();
}

class Load : public WithCluster {
 protected:
  Load() : WithCluster(1) {}
  void SetUp() override {
    WithCluster::SetUp();
    if (!cluster) return;
    // The first node reads the tables once for its sessions when it sees the second.
    const User somebody = user_on(0, "somebody");
    cluster->add_node();
    ASSERT_TRUE(wait_until([&] { return count_in_log(0, "event=resync") == 1; }));
  }
  int count_in_log(std::size_t node, const std::string& text) {
    return occurrences(cluster->node(node).log(), text);
  }
  // Nothing was dropped, and nothing was found by reading the tables. Under a sanitizer, other
  // tests run beside this one, and a beat that comes late makes a node read the tables.
  void expect_untroubled() {
    for (std::size_t node = 0; node < cluster->size(); ++node) {
      for (const char* trouble : {"level=error", "event=bus_overflow", "_down "}) {
        EXPECT_EQ(count_in_log(node, trouble), 0) << trouble;
      }
      if (sanitized()) continue;
      EXPECT_EQ(count_in_log(node, "event=resync"), node == 0 ? 1 : 0);
    }
  }
};

// One of two users who chat as fast as they are answered.
class Talker {
 public:
  Talker(User user, std::int64_t peer) : user_(std::move(user)), peer_(peer) {}

  // Sends until `end`; then receives what is in flight, until `stop`.
  void talk_until(Clock::time_point end) {
    while (Clock::now() < end || acknowledged_ < sent_) {
      while (Clock::now() < end && sent_ - acknowledged_ < kWindow) send_next();
      take(user_.client.receive());
    }
  }
  void read_to(std::int64_t peers_last) {
    while (inbox_.last({false, peer_}) < peers_last) take(user_.client.receive());
  }
  std::int64_t sent() const { return sent_; }
  const Inbox& inbox() const { return inbox_; }
  User& user() { return user_; }

 private:
  void send_next() {
    ++sent_;
    user_.client.send(chat_request(user_.account, peer_, "message " + std::to_string(sent_),
                                   "c" + std::to_string(sent_)));
  }
  void take(const Json& frame) {
    if (frame.at("msgid") == 6) {
      inbox_.take(frame);
      EXPECT_EQ(frame.at("msg"), "message " + frame.at("seq").dump());
      return;
    }
    expect_ok(frame, 106);
    EXPECT_EQ(frame.at("seq"), ++acknowledged_);
  }

  User user_;
  const std::int64_t peer_;
  Inbox inbox_;
  std::int64_t sent_ = 0;
  std::int64_t acknowledged_ = 0;
};

TEST_F(Load, TwentySendersAtFullSpeedAcrossNodes) {
  constexpr int kPairs = 10;
  std::vector<Talker> talkers;
  for (int i = 0; i < kPairs; ++i) {
    User first = user_on(0, "first " + std::to_string(i));
    User second = user_on(1, "second " + std::to_string(i));
    const std::array<std::int64_t, 2> ids{first.id(), second.id()};
    talkers.emplace_back(std::move(first), ids[1]);
    talkers.emplace_back(std::move(second), ids[0]);
  }
  const auto of = [&](int i) -> Talker& { return talkers[static_cast<std::size_t>(i)]; };
  const auto begin = Clock::now();
  run_in_parallel(2 * kPairs, [&](int i) { of(i).talk_until(begin + sending_time()); });
  const auto sending = ms_since(begin);
  run_in_parallel(2 * kPairs, [&](int i) { of(i).read_to(of(i ^ 1).sent()); });
  const auto reading = ms_since(begin) - sending;
  std::int64_t total = 0;
  for (int i = 0; i < 2 * kPairs; ++i) {
    EXPECT_GT(of(i).sent(), kWindow);
    EXPECT_EQ(of(i).inbox().count(), of(i ^ 1).sent());
    EXPECT_EQ(of(i).inbox().repeats(), 0);
    expect_no_push(of(i).user());
    total += of(i).sent();
  }
  std::cout << total << " messages in " << sending << " ms, the last arrived " << reading
            << " ms later\n";
  expect_untroubled();
}

// Inserts users with tokens into the tables.
class Crowd : public Load {
 protected:
  void make_people(int count) {
    const Account model = account("model");
    const std::string crowd = "SELECT id FROM user WHERE name LIKE 'crowd %' ORDER BY id";
    const std::string number = std::to_string(count);
    cluster->storage().execute(
        "INSERT INTO user (name, name_key, password, created_at)"
        " SELECT CONCAT('crowd ', seq), CONCAT('crowd ', seq), password, created_at"
        " FROM user, seq_1_to_" +
        number + " WHERE id = " + std::to_string(model.id));
    first_id_ = cluster->storage().number(crowd + " LIMIT 1");
    const std::int64_t last = cluster->storage().number(crowd + " DESC LIMIT 1");
    ASSERT_EQ(last, first_id_ + count - 1);
    for (int i = 0; i < count; i += kRows) make_tokens(i, std::min(i + kRows, count));
  }
  void make_tokens(int from, int to) {
    std::string rows;
    for (int i = from; i < to; ++i) {
      rows += (rows.empty() ? "('" : ",('") + hash_of(token_of(i)) + "'," +
              std::to_string(id_of(i)) + ",0,4102444800000)";
    }
    cluster->storage().execute(
        "INSERT INTO session (token_hash, userid, created_at, expires_at) VALUES " + rows);
  }
  std::int64_t id_of(int index) const { return first_id_ + index; }
  static std::string token_of(int index) {
    std::string digits = std::to_string(index);
    return std::string(64 - digits.size(), '0') + digits;
  }
  static std::string hash_of(const std::string& token) {
    std::array<unsigned char, 32> hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(token.data()), token.size(), nullptr,
                       0);
    std::array<char, 2 * hash.size() + 1> text{};
    return sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  }
  // All at once: all requests are sent before the first reply is read.
  void log_in_all(int from, int to, std::size_t node) {
    for (int i = from; i < to; ++i) {
      people_.emplace_back(port(node));
      people_.back().send({{"msgid", 1}, {"token", token_of(i)}});
    }
    for (int i = from; i < to; ++i) {
      const Json welcome = people_[static_cast<std::size_t>(i)].receive();
      expect_ok(welcome, 2);
      EXPECT_EQ(welcome.at("id"), id_of(i));
    }
  }

  // So many messages since `begin`, beside the beats of two nodes, one a second each, and receipts,
  // of which one may stand for many messages.
  void expect_published(std::int64_t messages, std::int64_t before, Clock::time_point begin) {
    const std::int64_t published = cluster->redis().calls("publish") - before;
    EXPECT_GE(published, messages);
    EXPECT_LE(published, messages + messages / 5 + 2 * (ms_since(begin) / 1000 + 2));
  }

  std::deque<RawClient> people_;

 private:
  static constexpr int kRows = 500;  // in one statement, which goes by the command line
  std::int64_t first_id_ = 0;
};

TEST_F(Crowd, TwoThousandLoginsAtOnceReceiveFromTheOtherNode) {
  constexpr int kPeople = 2000;
  ASSERT_NO_FATAL_FAILURE(make_people(kPeople));
  auto begin = Clock::now();
  log_in_all(0, kPeople, 0);
  std::cout << kPeople << " logins in " << ms_since(begin) << " ms\n";
  User speaker = user_on(1, "speaker");
  const std::int64_t published = cluster->redis().calls("publish");
  begin = Clock::now();
  for (int i = 0; i < kPeople; ++i) {
    speaker.client.send(chat_request(speaker.account, id_of(i), "to " + std::to_string(i)));
  }
  for (int i = 0; i < kPeople; ++i) expect_ok(speaker.client.receive(), 106);
  for (int i = 0; i < kPeople; ++i) {
    const Json push = people_[static_cast<std::size_t>(i)].receive();
    EXPECT_EQ(push.value("msg", ""), "to " + std::to_string(i));
    EXPECT_EQ(push.value("seq", 0), 1);
  }
  std::cout << kPeople << " messages across in " << ms_since(begin) << " ms\n";
  EXPECT_LT(ms_since(begin), scaled(std::chrono::seconds(5)).count());
  expect_published(kPeople, published, begin);
  expect_untroubled();
}

TEST_F(Crowd, GroupMessageIsPublishedOnceForAllMembers) {
  constexpr int kMembers = 200;
  constexpr int kMessages = 200;
  ASSERT_NO_FATAL_FAILURE(make_people(kMembers));
  const std::int64_t group = user_on(0, "owner").create_group("everybody");
  cluster->storage().execute("UPDATE groupuser SET userid = " + std::to_string(id_of(0)));
  cluster->storage().execute(
      "INSERT INTO groupuser (groupid, userid, joined_seq, delivered_seq, read_seq) SELECT " +
      std::to_string(group) + ", id, 0, 0, 0 FROM user WHERE name LIKE 'crowd %' AND id <> " +
      std::to_string(id_of(0)));
  log_in_all(0, kMembers / 2, 0);
  log_in_all(kMembers / 2, kMembers, 1);
  const std::int64_t published = cluster->redis().calls("publish");
  const auto begin = Clock::now();
  RawClient& speaker = people_.front();
  const Account account{id_of(0), "crowd 1", ""};
  for (int i = 1; i <= kMessages; ++i) {
    speaker.send(group_chat_request(account, group, std::to_string(i)));
  }
  for (int i = 1; i <= kMessages; ++i) expect_ok(speaker.receive(), 110);
  for (int member = 1; member < kMembers; ++member) {
    RawClient& client = people_[static_cast<std::size_t>(member)];
    for (int i = 1; i <= kMessages; ++i) {
      const Json push = client.receive();
      ASSERT_EQ(push.at("msgid"), 10) << push;
      ASSERT_EQ(push.at("seq"), i) << "member " << member;
      ASSERT_EQ(push.at("msg"), std::to_string(i));
    }
  }
  for (RawClient& client : people_) {
    expect_alive(client);
    EXPECT_EQ(client.waiting(), 0U);
  }
  expect_published(kMessages, published, begin);
  expect_untroubled();
}

}  // namespace
}  // namespace chat::test
