#include "chat/delivery/backlog.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/storage/storage_fixture.h"

namespace chat::delivery {
namespace {

class BacklogTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
    carol_ = add_user("carol");
    group_ = add_group("group", bob_);
    add_member(group_, alice_);
  }
  void store(UserId sender, Seq last, const std::string& body = "text") {
    std::vector<storage::DirectMessage> rows;
    for (Seq seq = 1; seq <= last; ++seq) {
      rows.push_back({alice_, sender, seq, "c" + std::to_string(seq), 1, body});
    }
    ASSERT_TRUE(send(rows));
  }
  Page read(const std::vector<Want>& wants, std::size_t bytes_max = 1 << 20) {
    auto page = backlog_.read(alice_, wants, bytes_max);
    EXPECT_TRUE(page);
    return page ? std::move(*page) : Page{};
  }

  storage::Pool pool_{database_, {}, base::system_clock()};
  UserNameCache user_names_{pool_};
  Backlog backlog_{pool_, user_names_};
  UserId alice_;
  UserId bob_;
  UserId carol_;
  GroupId group_;
};

TEST_F(BacklogTest, NamesEveryStreamAscendingWithItsPositions) {
  store(carol_, 2);
  store(bob_, 3);
  ASSERT_TRUE(send(std::vector<storage::GroupMessage>{{group_, 1, bob_, "g", 1, "text"}}));
  const std::vector<storage::CursorMove> moves{{alice_, bob_, {}, 2}};
  ASSERT_TRUE(write([&] { return storage::MessageModel(*connection_).advance(moves); }));
  const auto positions = backlog_.positions(alice_);
  ASSERT_TRUE(positions);
  ASSERT_EQ(positions->size(), 3U);
  EXPECT_EQ((*positions)[0].stream, StreamKey::from(bob_));
  EXPECT_EQ((*positions)[0].delivered, 2);
  EXPECT_EQ((*positions)[0].head, 3);
  EXPECT_EQ((*positions)[0].delivered_at, 1);
  EXPECT_EQ((*positions)[1].stream, StreamKey::from(carol_));
  EXPECT_EQ((*positions)[1].delivered, 0);
  EXPECT_EQ((*positions)[1].delivered_at, 0);
  EXPECT_EQ((*positions)[2].stream, StreamKey::of(group_));
  EXPECT_EQ((*positions)[2].head, 1);
  EXPECT_TRUE(backlog_.positions(carol_)->empty());
  for (const StreamPosition& one : *positions) {
    const auto same = backlog_.position(alice_, one.stream);
    ASSERT_TRUE(same);
    ASSERT_EQ(same->size(), 1U);
    EXPECT_EQ(same->front().stream, one.stream);
    EXPECT_EQ(same->front().delivered, one.delivered);
    EXPECT_EQ(same->front().head, one.head);
    EXPECT_EQ(same->front().delivered_at, one.delivered_at);
  }
  EXPECT_TRUE(backlog_.position(alice_, StreamKey::from(alice_))->empty());
  EXPECT_TRUE(backlog_.position(carol_, StreamKey::of(group_))->empty());
}

TEST_F(BacklogTest, ReadsStreamsToTheirEnd) {
  store(bob_, 300);  // more than one read of rows
  store(carol_, 1, "hello");
  const Page page = read({{StreamKey::from(bob_), 10}, {StreamKey::from(carol_), 0}});
  ASSERT_EQ(page.pushes.size(), 291U);
  for (std::size_t i = 0; i < 290; ++i) EXPECT_EQ(page.pushes[i].seq, static_cast<Seq>(i) + 11);
  EXPECT_EQ(page.ended, (std::vector<StreamKey>{StreamKey::from(bob_), StreamKey::from(carol_)}));
  EXPECT_NE(page.pushes.back().json->find("\"msg\":\"hello\""), std::string::npos);
  EXPECT_NE(page.pushes.back().json->find("\"name\":\"carol\""), std::string::npos);
}

TEST_F(BacklogTest, EmptyStreamHasEnded) {
  const Page page = read({{StreamKey::from(bob_), 0}});
  EXPECT_TRUE(page.pushes.empty());
  EXPECT_EQ(page.ended, std::vector<StreamKey>{StreamKey::from(bob_)});
}

TEST_F(BacklogTest, PagesAreBoundedAndComplete) {
  store(bob_, 40, std::string(1000, 'x'));
  store(carol_, 40, std::string(1000, 'x'));
  Seq bob_at = 0;
  Seq carol_at = 0;
  int pages = 0;
  for (; bob_at < 40 || carol_at < 40; ++pages) {
    const Page page =
        read({{StreamKey::from(bob_), bob_at}, {StreamKey::from(carol_), carol_at}}, 10'000);
    ASSERT_FALSE(page.pushes.empty());
    std::size_t bytes = 0;
    for (const Push& push : page.pushes) {
      bytes += push.json->size();
      Seq& at = push.stream == StreamKey::from(bob_) ? bob_at : carol_at;
      ASSERT_EQ(push.seq, ++at);
    }
    EXPECT_LE(bytes, 10'000U);
    for (const StreamKey stream : page.ended) {
      EXPECT_EQ(stream == StreamKey::from(bob_) ? bob_at : carol_at, 40);
    }
  }
  EXPECT_GE(pages, 8);
}

TEST_F(BacklogTest, PageHasAtLeastOneMessage) {
  store(bob_, 2, std::string(4000, 'x'));
  const Page page = read({{StreamKey::from(bob_), 0}}, 10);
  ASSERT_EQ(page.pushes.size(), 1U);
  EXPECT_TRUE(page.ended.empty());
}

}  // namespace
}  // namespace chat::delivery
