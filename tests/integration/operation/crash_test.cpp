// kill -9 under traffic: acknowledged messages are stored once; nobody is locked out.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr int kCrashSenders = 10;
constexpr int kCrashWindow = 24;  // of each stream; a client keeps at most 64
constexpr int kAcksBeforeTheKill = 2000;

// One stream as its sender sees it: texts by cid, and the seq of what was acknowledged.
struct Sent {
  std::map<std::string, std::string> texts;
  std::map<std::string, std::int64_t> acked;
};

struct Sender {
  Account account;
  Sent direct;
  Sent group;
};

class Crash : public WithServer {
 protected:
  // Sends to `to` and `group` by turns until the connection breaks.
  void send_until_broken(Sender& sender, User& user) {
    try {
      for (int number = 0;; ++number) {
        const bool direct = number % 2 == 0;
        Sent& sent = direct ? sender.direct : sender.group;
        const std::string cid = (direct ? "d" : "g") + std::to_string(number);
        const std::string text = sender.account.name + " " + cid;
        sent.texts[cid] = text;
        user.client.send(direct ? chat_request(sender.account, recipient.id, text, cid)
                                : group_chat_request(sender.account, group, text, cid));
        take_acks(sender, user.client, 2 * kCrashWindow);
      }
    } catch (const ConnectionEnded&) {
      take_last_acks(sender, user.client);
    }
  }

  // Reads acks until at most `unanswered` requests lack one.
  void take_acks(Sender& sender, RawClient& client, std::size_t unanswered) {
    const auto missing = [&] {
      return sender.direct.texts.size() + sender.group.texts.size() - sender.direct.acked.size() -
             sender.group.acked.size();
    };
    while (missing() > unanswered) {
      const Json frame = client.receive();
      if (!is_push(frame)) note(sender, frame);
    }
  }
  void take_last_acks(Sender& sender, RawClient& client) {
    for (const Json& frame : client.receive_to_end()) {
      if (!is_push(frame)) note(sender, frame);
    }
  }
  void note(Sender& sender, const Json& ack) {
    ASSERT_EQ(ack.value("errno", -1), 0) << ack;
    Sent& sent = ack.at("msgid") == 106 ? sender.direct : sender.group;
    const auto seq = ack.at("seq").get<std::int64_t>();
    const auto [place, fresh] = sent.acked.emplace(ack.at("cid").get<std::string>(), seq);
    ASSERT_EQ(place->second, seq) << "two seqs for one cid: " << ack;
    if (fresh) ++acknowledged;
  }

  void send_again_what_was_not_acknowledged(Sender& sender) {
    User user = log_in(sender.account);
    for (const auto& [cid, text] : sender.direct.texts) {
      if (!sender.direct.acked.contains(cid)) note(sender, user.chat(recipient.id, text, cid));
    }
    for (const auto& [cid, text] : sender.group.texts) {
      if (!sender.group.acked.contains(cid)) note(sender, user.group_chat(group, text, cid));
    }
  }

  void make_people() {
    recipient = register_account("recipient");
    User owner = new_user("owner");
    group = owner.create_group("crash test");
    for (int i = 0; i < kCrashSenders; ++i) {
      senders.push_back({register_account("sender " + std::to_string(i)), {}, {}});
      log_in(senders.back().account).join_group(group);
    }
    log_in(recipient).join_group(group);
  }

  void traffic_until_killed() {
    std::vector<User> users;
    for (std::size_t i = 0; i < senders.size(); ++i) {
      users.push_back(log_in(senders[i].account, i % 2 == 0 ? Wire::kText : Wire::kBinary));
    }
    std::thread traffic([&] {
      run_in_parallel(kCrashSenders, [&](int i) {
        const auto place = static_cast<std::size_t>(i);
        send_until_broken(senders[place], users[place]);
      });
    });
    const bool flowing = wait_until([&] { return acknowledged > kAcksBeforeTheKill; });
    server.kill9();
    traffic.join();
    ASSERT_TRUE(flowing) << "only " << acknowledged;
  }

  std::size_t total() const {
    std::size_t count = 0;
    for (const Sender& sender : senders) {
      count += sender.direct.texts.size() + sender.group.texts.size();
    }
    return count;
  }

  // Exactly the messages of `sent`, with the seqs of their acks.
  static void expect_stream(const Sent& sent, const std::map<std::string, Json>& arrived) {
    EXPECT_EQ(arrived.size(), sent.texts.size());
    for (const auto& [cid, text] : sent.texts) {
      const auto found = arrived.find(cid);
      if (found == arrived.end()) {
        ADD_FAILURE() << "lost: " << text << (sent.acked.contains(cid) ? " (acknowledged)" : "");
        continue;
      }
      EXPECT_EQ(found->second.at("msg"), text);
      EXPECT_EQ(found->second.at("seq"), sent.acked.at(cid)) << text;
    }
  }

  Account recipient;
  std::int64_t group = 0;
  std::vector<Sender> senders;
  std::atomic<int> acknowledged = 0;
};

// By sender and kind of stream, by cid.
using Arrived = std::map<std::pair<std::int64_t, bool>, std::map<std::string, Json>>;

TEST_F(Crash, AcknowledgedMessagesAreStoredExactlyOnce) {
  make_people();
  ASSERT_NO_FATAL_FAILURE(traffic_until_killed());
  server.start();

  // Before anything is sent again: every acknowledged message, no gap in any stream.
  User reader = log_in(recipient, Wire::kText, {{"ack", true}});
  std::size_t acked = 0;
  for (const Sender& sender : senders) {
    acked += sender.direct.acked.size() + sender.group.acked.size();
  }
  std::vector<Json> messages = collect_messages(reader, acked);
  for (Sender& sender : senders) send_again_what_was_not_acknowledged(sender);
  for (Json& more : collect_messages(reader, total() - messages.size())) {
    messages.push_back(std::move(more));
  }
  expect_no_push(reader);

  Arrived arrived;
  std::map<std::int64_t, std::vector<Json>> direct_streams;
  std::vector<Json> group_stream;
  for (const Json& message : messages) {
    const bool direct = message.at("msgid") == 6;
    const auto from = message.at("id").get<std::int64_t>();
    const bool first = arrived[{from, direct}].emplace(message.at("cid"), message).second;
    EXPECT_TRUE(first) << "twice: " << message;
    (direct ? direct_streams[from] : group_stream).push_back(message);
  }
  for (const Sender& sender : senders) {
    SCOPED_TRACE(sender.account.name);
    expect_stream(sender.direct, arrived[{sender.account.id, true}]);
    expect_stream(sender.group, arrived[{sender.account.id, false}]);
    expect_consecutive(direct_streams[sender.account.id]);
  }
  // After the joins of the senders and the recipient.
  expect_consecutive(group_stream, static_cast<std::int64_t>(senders.size()) + 2);
}

TEST_F(Crash, NobodyIsLockedOutOrShownOnlineAfterwards) {
  std::vector<User> users;
  for (int i = 0; i < 5; ++i) users.push_back(new_user("user " + std::to_string(i)));
  request_ok(users[0].client, add_friend_request(users[0].account, users[1].id()));
  server.kill9();
  server.start();
  const User first = log_in(users[0].account);
  ASSERT_EQ(first.welcome.at("friends").size(), 1U);
  EXPECT_EQ(first.welcome["friends"][0].at("state"), "offline");
  for (std::size_t i = 1; i < users.size(); ++i) log_in(users[i].account);
}

TEST_F(Crash, ManyInARowLoseNothing) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(alice.chat(bob.id, std::to_string(round)).at("seq"), round + 1);
    server.kill9();
    server.start();
    alice = log_in(alice.account);
  }
  User again = log_in(bob);
  const auto messages = collect_messages(again, 10);
  expect_consecutive(messages);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].at("msg"), std::to_string(i));
  }
}

}  // namespace
}  // namespace chat::test
