// A slow reader costs little, delays nobody and misses nothing.
#include <gtest/gtest.h>

#include <thread>

#include "integration/server_fixture.h"
#include "support/clients/flood.h"

namespace chat::test {
namespace {

constexpr std::int64_t kPromiseKib = 1536;  // of one recipient that does not read

class SlowReader : public InBothFramings {};
CHAT_RUN_IN_BOTH_FRAMINGS(SlowReader);

TEST_P(SlowReader, FiftyMegabytesCostLittleAndArrive) {
  constexpr int kWarmUp = 600;
  constexpr auto kFlood = static_cast<int>(50 * 1024 * 1024 / kTextBytes);
  constexpr int kFloodWindow = 32;
  // Not caused by the recipient: SQLite's page caches and malloc's arenas, which any flood fills.
  // The warm-up fills most of them. A server that buffered the flood would grow by 50 MiB.
  constexpr std::int64_t kNoiseKib = 4096;

  User alice = new_user("alice");
  {
    User reader = new_user("reader");
    std::thread reading([&] { collect_messages(reader, kWarmUp); });
    flood(alice, reader.id(), 0, kWarmUp, kFloodWindow);
    reading.join();
  }
  const Account bob_account = register_account("bob");
  User bob = log_in_with_small_buffer(port(), bob_account, GetParam());
  OtherPair pair(port());
  const std::int64_t before = server.memory_kib();
  flood(alice, bob.id(), 0, kFlood, kFloodWindow);
  pair.stop();

  const std::int64_t kernel_kib = unsent_in_kernel(port(), bob.client.local_port()) / 1024;
  EXPECT_GE(kernel_kib, 0) << "the connection is gone";
  EXPECT_LE(kernel_kib, 512);
  if (!sanitized()) {
    EXPECT_LE(server.memory_kib() - before + kernel_kib, kPromiseKib + kNoiseKib);
  }
  EXPECT_GT(pair.chats(), 20U);
  EXPECT_LE(pair.p99(), scaled(milliseconds{250})) << "of " << pair.chats() << " chats";

  for (int i = 0; i < kFlood; ++i) {
    const Json push = bob.client.push(6);
    ASSERT_EQ(push.at("seq"), i + 1);
    ASSERT_EQ(push.at("msg"), long_text(i));
  }
  expect_no_push(bob);
}

TEST_P(SlowReader, EachOfManyCostsNoMoreThanDocumented) {
  constexpr int kReaders = 16;
  constexpr int kEach = 128;  // 2 MiB
  constexpr int kFloodWindow = 32;
  User alice = new_user("alice");
  User warm = new_user("warm");
  std::thread reading([&] { collect_messages(warm, 600); });
  flood(alice, warm.id(), 0, 600, kFloodWindow);
  reading.join();

  std::vector<User> readers;
  for (int i = 0; i < kReaders; ++i) {
    const Account account = register_account("reader " + std::to_string(i));
    readers.push_back(log_in_with_small_buffer(port(), account, GetParam()));
  }
  const std::int64_t before = server.memory_kib();
  for (User& reader : readers) flood(alice, reader.id(), 0, kEach, kFloodWindow);
  if (!sanitized()) {
    EXPECT_LE((server.memory_kib() - before) / kReaders, kPromiseKib);
  }
  for (User& reader : readers) {
    expect_consecutive(collect_messages(reader, kEach));
    expect_alive(reader.client);
  }
}

TEST_P(SlowReader, GroupWithASlowReaderServesTheOthers) {
  constexpr int kMessages = 400;
  User alice = new_user("alice");
  User bob = new_user("bob");
  const auto group = alice.create_group("club");
  bob.join_group(group);
  const Account carol_account = register_account("carol");
  User carol = log_in_with_small_buffer(port(), carol_account, GetParam());
  carol.join_group(group);
  for (int i = 0; i < kMessages; ++i) {
    alice.group_chat(group, long_text(i));
    const Json push = bob.client.push(10);
    ASSERT_EQ(push.at("seq"), i + 3) << "two have joined";
  }
  std::vector<Json> messages;
  for (int i = 0; i < kMessages; ++i) messages.push_back(carol.client.push(10));
  expect_consecutive(messages, 3);
  expect_no_push(carol);
}

TEST_P(SlowReader, UnreadBacklogArrivesAtTheNextLogin) {
  constexpr int kMessages = 200;
  User alice = new_user("alice");
  const Account bob_account = register_account("bob");
  {
    User bob = log_in_with_small_buffer(port(), bob_account, GetParam());
    bob.client.send({{"msgid", 21}});
    flood(alice, bob.id(), 0, kMessages, 32);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(bob.client.push(6).at("seq"), i + 1);
    bob.client.reset();
  }
  // Without acknowledgements, written messages count as delivered, so the next login may continue
  // later than after the tenth, but the backlog beyond the buffers arrives in order.
  User again = log_in(bob_account);
  std::vector<Json> messages = collect_messages(again, 1);
  const auto first = messages[0].at("seq").get<std::int64_t>();
  EXPECT_GT(first, 10);
  EXPECT_LE(first, 1 + 10 + (kPromiseKib * 1024) / kTextBytes);
  if (static_cast<std::int64_t>(messages.size()) <= kMessages - first) {
    User reader{again.account, std::move(again.client), again.welcome};
    for (auto next = static_cast<std::int64_t>(messages.size()); next <= kMessages - first;
         ++next) {
      messages.push_back(reader.client.push(6));
    }
  }
  expect_consecutive(messages, first);
  EXPECT_EQ(messages.back().at("seq"), kMessages);
}

}  // namespace
}  // namespace chat::test
