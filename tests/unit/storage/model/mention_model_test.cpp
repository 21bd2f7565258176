#include "chat/storage/mention_model.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/storage/message_model.h"
#include "chat/storage/prune_model.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class MentionModelTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    for (const auto* name : {"alice", "bob", "carol"}) add_user(name);
    group_ = add_group("tea", alice_);
  }
  Result<void> store(const std::vector<GroupMessage>& rows, const std::vector<Mention>& mentions) {
    return write([&]() -> Result<void> {
      auto stored = MessageModel(*connection_).insert_group(rows);
      if (!stored) return stored;
      return MentionModel(*connection_).insert(mentions);
    });
  }
  GroupMessage text(Seq seq, std::string extra = "") const {
    GroupMessage row{group_, seq, alice_, "c" + std::to_string(seq), 1000 + seq, "hi"};
    row.extra = std::move(extra);
    row.n = seq;
    return row;
  }
  std::int64_t mentions() { return number("SELECT COUNT(*) FROM mention"); }

  const UserId alice_{1};
  const UserId bob_{2};
  const UserId carol_{3};
  GroupId group_;
};

TEST_F(MentionModelTest, PlainAndMarkedRowsKeepTheirFieldsAndOrder) {
  ASSERT_TRUE(
      store({text(1), text(2, R"({"reply":1})"), text(3), text(4, R"({"at_all":true})")}, {}));
  const auto rows = MessageModel(*connection_).group_before(group_, 0, 99, 10);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 4U);
  EXPECT_EQ((*rows)[0].extra, R"({"at_all":true})");
  EXPECT_EQ((*rows)[1].extra, "");
  EXPECT_EQ((*rows)[2].extra, R"({"reply":1})");
  EXPECT_TRUE((*rows)[2].kind.empty());
  const auto again = MessageModel(*connection_).find_group_message(group_, alice_, "c2");
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->extra, R"({"reply":1})");
}

TEST_F(MentionModelTest, DirectRowsKeepTheirReply) {
  const std::string extra = R"({"reply":{"id":2,"seq":1}})";
  std::vector<DirectMessage> rows(3);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = {bob_, alice_, static_cast<Seq>(i + 1), "c" + std::to_string(i), 1000, "hi"};
  }
  rows[1].extra = extra;
  ASSERT_TRUE(send(rows));
  const auto tail = MessageModel(*connection_).direct_tail(bob_, alice_, 64);
  ASSERT_TRUE(tail);
  ASSERT_EQ(tail->size(), 3U);
  EXPECT_EQ((*tail)[0].extra, "");
  EXPECT_EQ((*tail)[1].extra, extra);
  auto statement = connection_->prepare("SELECT message FROM offlinemessage WHERE userid = 2");
  ASSERT_TRUE(statement);
  StatementScope scope(**statement);
  std::vector<nlohmann::json> waiting;
  while (scope->step().value()) waiting.push_back(nlohmann::json::parse(scope->text(0)));
  ASSERT_EQ(waiting.size(), 3U);
  EXPECT_FALSE(waiting[0].contains("reply"));
  EXPECT_EQ(waiting[1].at("reply"), nlohmann::json::parse(extra).at("reply"));
  EXPECT_FALSE(waiting[1].contains("kind"));
}

TEST_F(MentionModelTest, FindsMessagesThatCanBeRepliedTo) {
  GroupMessage event = text(2, "{}");
  event.kind = "notice";
  ASSERT_TRUE(store({text(1)}, {}));
  ASSERT_TRUE(write([&] { return MessageModel(*connection_).insert_group_event(event); }));
  MentionModel model(*connection_);
  const auto texts = MessageModel(*connection_)
                         .group_texts_among(std::vector<MessageModel::GroupPlace>{
                             {group_, 1}, {group_, 2}, {group_, 3}});
  ASSERT_TRUE(texts);
  ASSERT_EQ(texts->size(), 1u) << "an event row is no text";
  EXPECT_EQ(texts->front().seq, 1);
  ASSERT_TRUE(send({{bob_, alice_, 1, "a", 1000, "hi"}, {bob_, alice_, 2, "b", 1000, "hi"}}));
  // More than fit into one statement.
  std::vector<MessageName> asked;
  for (Seq seq = 1; seq <= 100; ++seq) asked.push_back({{}, bob_, alice_, seq});
  asked.push_back({{}, alice_, bob_, 1});
  auto found = model.texts_among(asked);
  ASSERT_TRUE(found);
  std::sort(found->begin(), found->end());
  EXPECT_EQ(*found, (std::vector<MessageName>{{{}, bob_, alice_, 1}, {{}, bob_, alice_, 2}}));
}

TEST_F(MentionModelTest, NewestMessageToEverybodyDecides) {
  MentionModel model(*connection_);
  EXPECT_EQ(model.last_of_all(group_).value(), 0);
  ASSERT_TRUE(
      store({text(1), text(2), text(3)}, {{{}, group_, 1}, {{}, group_, 2}, {bob_, group_, 3}}));
  EXPECT_EQ(model.last_of_all(group_).value(), 1002);
}

TEST_F(MentionModelTest, MentionsAreDeletedWithTheirMessages) {
  ASSERT_TRUE(store({text(1), text(2), text(3)},
                    {{bob_, group_, 1}, {carol_, group_, 1}, {{}, group_, 2}, {bob_, group_, 3}}));
  ASSERT_EQ(mentions(), 4);
  const auto pruned = write([&] {
    return PruneModel(*connection_)
        .prune({.group = group_}, {.last = 2, .delivered = 2, .before = 5000, .limit = 100});
  });
  ASSERT_TRUE(pruned);
  EXPECT_EQ(*pruned, 2U);
  EXPECT_EQ(mentions(), 1);
}

}  // namespace
}  // namespace chat::storage
