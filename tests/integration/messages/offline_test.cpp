// Messages for an absent user: all arrive once, in order, byte for byte.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "integration/server_fixture.h"
#include "support/repeated.h"

namespace chat::test {
namespace {

class Offline : public InBothFramings {
 protected:
  // Sends `count` chats without waiting; texts are "0", "1", …
  static void pipeline(User& from, std::int64_t to, int count) {
    std::string burst;
    for (int i = 0; i < count; ++i) {
      burst += from.client.framed(
          chat_request(from.account, to, std::to_string(i), "p" + std::to_string(i)));
    }
    from.client.send_raw(burst);
  }
  // Each was acknowledged once, in order.
  static void expect_acks(User& from, int count) {
    for (int i = 0; i < count; ++i) {
      const Json ack = from.client.receive();
      ASSERT_EQ(ack.value("errno", -1), 0) << ack;
      ASSERT_EQ(ack.at("cid"), "p" + std::to_string(i));
      ASSERT_EQ(ack.at("seq"), i + 1);
    }
    expect_alive(from.client);
    EXPECT_EQ(from.client.waiting(), 0U);
  }
  static void expect_all(const std::vector<Json>& messages) {
    expect_consecutive(messages);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      ASSERT_EQ(messages[i].at("msg"), std::to_string(i));
    }
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(Offline);

std::vector<std::string> difficult_texts() {
  std::string controls;
  for (char c = 1; c < 32; ++c) controls += c;
  return {
      "'; DROP TABLE user; --",
      R"("quoted" and 'quoted' and \backslashed\ and \" and \\ and %s %n ?)",
      R"({"msgid":6,"msg":"json in json"})",
      "😀👩‍👩‍👧‍👦 e\u0301 \u202Eright to left\u202C \uFEFF \u2028\u2029",
      controls + "\x7F",
      std::string("nul \0 inside", 12),
      " spaces around \r\n",
      "  ",
      repeated("😀", 4000),
      repeated("\"", 4000),
      repeated("\\", 4000),
      repeated("\x01", 4000),
      repeated("x", 4000),
      "last",
  };
}

TEST_P(Offline, DifficultTextsArriveByteForByte) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  for (const std::string& text : difficult_texts()) alice.chat(bob.id, text);

  User again = log_in(bob);
  const auto messages = collect_messages(again, difficult_texts().size());
  expect_consecutive(messages);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].at("msg"), difficult_texts()[i]);
    EXPECT_EQ(messages[i].at("id"), alice.id());
    EXPECT_EQ(messages[i].at("name"), "alice");
    EXPECT_EQ(messages[i].at("toid"), bob.id);
    EXPECT_EQ(messages[i].at("msgid"), 6);
  }
  expect_no_push(again);
}

TEST_P(Offline, DifficultTextsArriveByteForByteWhenOnlineToo) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const auto group = alice.create_group("club");
  bob.join_group(group);
  for (const std::string& text : difficult_texts()) {
    alice.chat(bob.id(), text);
    EXPECT_EQ(bob.client.push(6).at("msg"), text);
    alice.group_chat(group, text);
    EXPECT_EQ(bob.client.push(10).at("msg"), text);
  }
}

TEST_P(Offline, ThousandPipelinedReachAnOnlineRecipientInOrder) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  pipeline(alice, bob.id(), 1000);
  expect_acks(alice, 1000);
  expect_all(collect_messages(bob, 1000));
  expect_no_push(bob);
}

TEST_P(Offline, ThousandPipelinedWaitForTheRecipientsLogin) {
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  pipeline(alice, bob.id, 1000);
  expect_acks(alice, 1000);

  User first = log_in(bob);
  EXPECT_TRUE(first.welcome.value("more", false)) << "1000 messages do not fit into one reply";
  EXPECT_FALSE(first.welcome.at("offlinemsg").empty());
  EXPECT_LE(first.welcome.dump().size(), 65536U);
  expect_all(collect_messages(first, 1000));
  first.client.expect_no_push_for(milliseconds{100});
  first.client.close();

  User second = log_in(bob);
  EXPECT_EQ(second.welcome.at("offlinemsg"), Json::array());
  EXPECT_FALSE(second.welcome.value("more", false));
  expect_no_push(second);
}

TEST_P(Offline, TenThousandArriveInOrderAndAcknowledgedOnesOnce) {
  constexpr int kMany = 10'000;
  User alice = new_user("alice");
  const Account bob = register_account("bob");
  for (int i = 1; i <= kMany; ++i) {
    alice.client.send(chat_request(alice.account, bob.id, "number " + std::to_string(i)));
  }
  for (int i = 1; i <= kMany; ++i) ASSERT_EQ(alice.client.receive().at("seq"), i);
  User reader = log_in(bob, {{"ack", true}});
  const auto messages = collect_messages(reader, kMany);
  expect_consecutive(messages);
  for (int i = 0; i < kMany; ++i) {
    ASSERT_EQ(messages[static_cast<std::size_t>(i)].at("msg"), "number " + std::to_string(i + 1));
  }
  reader.client.send(delivered_request(alice.id(), kMany - 3));
  reader.log_out();
  User again = log_in(bob, {{"ack", true}});
  ASSERT_EQ(again.welcome.at("offlinemsg").size(), 3U);
  EXPECT_EQ(again.welcome["offlinemsg"][0].at("seq"), kMany - 2);
  expect_no_push(again);
}

TEST_P(Offline, MessagesOfSeveralSendersAllArriveEachInOrder) {
  const Account bob = register_account("bob");
  std::vector<User> senders;
  for (int i = 0; i < 5; ++i) senders.push_back(new_user("sender " + std::to_string(i)));
  for (User& sender : senders) pipeline(sender, bob.id, 60);
  for (User& sender : senders) expect_acks(sender, 60);

  User again = log_in(bob);
  std::map<std::int64_t, std::vector<Json>> streams;
  for (Json& message : collect_messages(again, 300))
    streams[message.at("id").get<std::int64_t>()].push_back(message);
  EXPECT_EQ(streams.size(), 5U);
  for (const auto& [sender, messages] : streams) {
    EXPECT_EQ(messages.size(), 60U);
    expect_all(messages);
  }
  expect_no_push(again);
}

TEST_P(Offline, LogoutAlsoEndsDelivery) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  alice.chat(bob.id(), "1");
  EXPECT_EQ(bob.client.push(6).at("msg"), "1");
  bob.log_out();
  alice.chat(bob.id(), "2");
  bob.client.expect_no_push_for(milliseconds{100});

  bob.welcome = request_ok(bob.client, login_request(bob.account));
  ASSERT_EQ(bob.welcome.at("offlinemsg").size(), 1U);
  EXPECT_EQ(bob.welcome["offlinemsg"][0].at("msg"), "2");
}

TEST_P(Offline, GroupMessagesWaitForAbsentMembersExceptTheirOwn) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const auto group = alice.create_group("club");
  bob.join_group(group);
  bob.group_chat(group, "bob's own");
  bob.log_out();
  bob.client.close();
  for (int i = 0; i < 10; ++i) alice.group_chat(group, std::to_string(i));

  User again = log_in(bob.account);
  const auto messages = collect_messages(again, 10);
  expect_consecutive(messages, 3);
  for (int i = 0; i < 10; ++i) {
    const Json& message = messages[static_cast<std::size_t>(i)];
    EXPECT_EQ(message.at("msgid"), 10);
    EXPECT_EQ(message.at("groupid"), group);
    EXPECT_EQ(message.at("id"), alice.id());
    EXPECT_EQ(message.at("msg"), std::to_string(i));
  }
  expect_no_push(again);
  again.log_out();
  EXPECT_EQ(log_in(bob.account).welcome.at("offlinemsg"), Json::array());
}

TEST_P(Offline, OwnGroupMessagesAreNotPending) {
  User alice = new_user("alice");
  const auto group = alice.create_group("club");
  for (int i = 0; i < 5; ++i) alice.group_chat(group, "own");
  alice.client.close();
  User again = log_in(alice.account);
  EXPECT_EQ(again.welcome.at("offlinemsg"), Json::array());
  expect_no_push(again);
}

TEST_P(Offline, NewMemberDoesNotGetEarlierMessages) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const auto group = alice.create_group("club");
  for (int i = 0; i < 5; ++i) alice.group_chat(group, "before");
  bob.join_group(group);
  bob.log_out();
  alice.group_chat(group, "after");
  User again = log_in(bob.account);
  ASSERT_EQ(again.welcome.at("offlinemsg").size(), 1U);
  EXPECT_EQ(again.welcome["offlinemsg"][0].at("msg"), "after");
  expect_no_push(again);
}

}  // namespace
}  // namespace chat::test
