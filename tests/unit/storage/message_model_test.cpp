#include "chat/storage/message_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

const UserId kAlice{1};
const UserId kBob{2};
const UserId kCarol{3};

DirectMessage direct(UserId recipient, UserId sender, Seq seq, std::string body = "hi") {
  return {recipient, sender, seq, fmt::format("c{}", seq), 1000 + seq, std::move(body)};
}

class MessageModelTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    for (const auto* name : {"alice", "bob", "carol"}) add_user(name);
  }

  std::vector<Seq> after(UserId recipient, UserId sender, Seq seq, std::size_t limit = 100) {
    std::vector<Seq> seqs;
    const auto rows = MessageModel(*connection_).direct_after(recipient, sender, seq, limit);
    EXPECT_TRUE(rows) << rows.error().message;
    for (const auto& row : rows.value()) seqs.push_back(row.seq);
    return seqs;
  }
  Result<void> advance(const std::vector<CursorMove>& moves) {
    return write([&] { return MessageModel(*connection_).advance(moves); });
  }
  std::vector<StreamState> positions_of(UserId user) {
    auto positions = MessageModel(*connection_).positions(std::span(&user, 1));
    EXPECT_TRUE(positions);
    if (!positions) return {};
    std::sort(positions->begin(), positions->end(), [](const auto& a, const auto& b) {
      return std::tie(a.group, a.sender) < std::tie(b.group, b.sender);
    });
    return std::move(*positions);
  }
  Seq delivered(UserId recipient) {
    const auto positions = positions_of(recipient);
    EXPECT_EQ(positions.size(), 1u);
    return positions.empty() ? -1 : positions.front().delivered;
  }
  std::vector<nlohmann::json> offline(UserId user) {
    auto statement = connection_->prepare("SELECT message FROM offlinemessage WHERE userid = ?");
    EXPECT_TRUE(statement) << statement.error().message;
    StatementScope scope(**statement);
    scope->bind(0, user.value);
    std::vector<nlohmann::json> all;
    while (scope->step().value()) all.push_back(nlohmann::json::parse(scope->text(0)));
    return all;
  }
};

TEST_F(MessageModelTest, DirectMessagesRoundTripByteForByte) {
  std::vector<DirectMessage> rows;
  for (const auto& text : awkward_texts()) {
    rows.push_back(direct(kBob, kAlice, static_cast<Seq>(rows.size() + 1), text));
  }
  ASSERT_TRUE(send(rows));
  const auto read = MessageModel(*connection_).direct_after(kBob, kAlice, 0, 100);
  ASSERT_EQ(read.value().size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ((*read)[i].recipient, kBob);
    EXPECT_EQ((*read)[i].sender, kAlice);
    EXPECT_EQ((*read)[i].seq, rows[i].seq);
    EXPECT_EQ((*read)[i].cid, rows[i].cid);
    EXPECT_EQ((*read)[i].sent_at, rows[i].sent_at);
    EXPECT_EQ((*read)[i].body, rows[i].body);
  }
}

TEST_F(MessageModelTest, DirectionsAreSeparateStreams) {
  ASSERT_TRUE(send({direct(kAlice, kBob, 1), direct(kBob, kAlice, 1), direct(kBob, kAlice, 2),
                    direct(kBob, kCarol, 1)}));
  EXPECT_EQ(after(kBob, kAlice, 0), (std::vector<Seq>{1, 2}));
  EXPECT_EQ(after(kAlice, kBob, 0), (std::vector<Seq>{1}));
  EXPECT_EQ(after(kBob, kAlice, 1), (std::vector<Seq>{2}));
  EXPECT_EQ(after(kBob, kAlice, 0, 1), (std::vector<Seq>{1}));
  EXPECT_EQ(after(kCarol, kAlice, 0), std::vector<Seq>{});
}

TEST_F(MessageModelTest, TailIsTheLastMessagesOldestFirst) {
  std::vector<DirectMessage> rows;
  for (Seq seq = 1; seq <= 100; ++seq) rows.push_back(direct(kBob, kAlice, seq));
  ASSERT_TRUE(send(rows));
  const auto tail = MessageModel(*connection_).direct_tail(kBob, kAlice, 64);
  ASSERT_EQ(tail.value().size(), 64u);
  EXPECT_EQ(tail->front().seq, 37);
  EXPECT_EQ(tail->back().seq, 100);
  EXPECT_TRUE(MessageModel(*connection_).direct_tail(kAlice, kBob, 64).value().empty());
}

TEST_F(MessageModelTest, TailsAreThoseOfEachStream) {
  std::vector<DirectMessage> rows;
  std::vector<MessageModel::DirectTail> tails;
  constexpr int kStreams = 19;  // more than one statement
  for (int i = 0; i < kStreams; ++i) {
    const UserId recipient{100 + i};
    for (Seq seq = 1; seq <= 9; ++seq) rows.push_back(direct(recipient, kAlice, seq));
    tails.push_back({{recipient, kAlice}, i == 3 ? 8 : 0});
  }
  tails.push_back({{kAlice, kBob}, 0});
  ASSERT_TRUE(send(rows));
  const auto read = MessageModel(*connection_).direct_tails(tails, 4);
  ASSERT_TRUE(read) << read.error().message;
  std::map<UserId, std::vector<Seq>> seqs;
  for (const DirectMessage& row : *read) seqs[row.recipient].push_back(row.seq);
  EXPECT_EQ(seqs.size(), static_cast<std::size_t>(kStreams));
  for (const auto& [recipient, of_one] : seqs) {
    const bool is_cut = recipient == UserId{103};
    EXPECT_EQ(of_one, (is_cut ? std::vector<Seq>{8, 9} : std::vector<Seq>{6, 7, 8, 9}));
  }
}

// As the lanes' connections do, it waits for no row.
TEST_F(MessageModelTest, LockedHeadsAreFoundWithoutWaiting) {
  if (!test::on_mysql()) GTEST_SKIP() << "SQLite has no row locks";
  ASSERT_TRUE(send({direct(kBob, kAlice, 1), direct(kBob, kAlice, 2), direct(kCarol, kAlice, 1)}));
  auto other = connect();
  ASSERT_TRUE(other->begin(TransactionKind::kWrite));
  ASSERT_TRUE(other->execute("SELECT * FROM directmessage WHERE recipient = 2 FOR UPDATE"));
  ASSERT_TRUE(connection_->set_lock_waits({.tables = true, .rows = false}));
  const std::vector<MessageModel::DirectPlace> heads{{{kBob, kAlice}, 2}, {{kCarol, kAlice}, 1}};
  const auto locked = MessageModel(*connection_).locked_heads(heads);
  ASSERT_TRUE(locked) << locked.error().message;
  EXPECT_EQ(*locked, (std::vector<DirectStream>{{kBob, kAlice}}));
  other->rollback();
  EXPECT_TRUE(MessageModel(*connection_).locked_heads(heads)->empty());
}

TEST_F(MessageModelTest, BegunReturnsStreamsWithMessages) {
  ASSERT_TRUE(send({direct(kBob, kAlice, 1), direct(kBob, kCarol, 1)}));
  std::vector<DirectStream> asked{{kBob, kAlice}, {kAlice, kBob}, {kBob, kCarol}};
  // More than fit into one statement.
  for (int i = 1000; i < 1300; ++i) asked.push_back({UserId{i}, kAlice});
  const auto begun = MessageModel(*connection_).begun(asked);
  ASSERT_TRUE(begun);
  std::set<std::pair<std::int32_t, std::int32_t>> found;
  for (const auto& stream : *begun) found.emplace(stream.recipient.value, stream.sender.value);
  EXPECT_EQ(begun->size(), 2u);
  EXPECT_EQ(found, (std::set<std::pair<std::int32_t, std::int32_t>>{{kBob.value, kAlice.value},
                                                                    {kBob.value, kCarol.value}}));
  EXPECT_TRUE(MessageModel(*connection_).begun({}).value().empty());
  // Each once, despite the padding of the list.
  asked = {{kBob, kAlice}, {kAlice, kBob}, {kBob, kCarol}};
  EXPECT_EQ(MessageModel(*connection_).begun(asked).value().size(), 2u);
}

TEST_F(MessageModelTest, TheFirstMessageOfAStreamMakesItsCursor) {
  ASSERT_TRUE(send({direct(kBob, kAlice, 1), direct(kBob, kCarol, 1)}));
  ASSERT_TRUE(send({direct(kBob, kAlice, 2)}));
  const auto positions = positions_of(kBob);
  ASSERT_EQ(positions.size(), 2u);
  EXPECT_EQ(positions[0].sender, kAlice);
  EXPECT_EQ(positions[0].delivered, 0);
  EXPECT_EQ(positions[0].head, 2);
  EXPECT_EQ(positions[1].sender, kCarol);
  EXPECT_EQ(positions[1].head, 1);
  EXPECT_TRUE(positions_of(kAlice).empty());
}

TEST_F(MessageModelTest, DuplicateSeqIsAConflictAndKeepsTheTransaction) {
  ASSERT_TRUE(send({direct(kBob, kAlice, 1)}));
  auto transaction = Transaction::begin(*connection_, TransactionKind::kWrite);
  MessageModel messages(*connection_);
  const std::vector<DirectMessage> duplicate{direct(kBob, kAlice, 1, "other")};
  const auto refused = messages.insert_direct(pointers_to(duplicate));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(connection_->usable());
  const std::vector<DirectMessage> next{direct(kBob, kAlice, 2)};
  EXPECT_TRUE(messages.insert_direct(pointers_to(next)));
  EXPECT_TRUE(transaction->commit());
  EXPECT_EQ(after(kBob, kAlice, 0), (std::vector<Seq>{1, 2}));
  EXPECT_EQ(messages.direct_after(kBob, kAlice, 0, 1)->front().body, "hi");
}

// What a request was decided by may have changed while it was on its way.
TEST_F(MessageModelTest, RowsThatComeTooLateAreRefusedByTheDatabase) {
  if (!test::on_mysql()) GTEST_SKIP() << "an embedded database is not behind a network";
  using std::chrono::milliseconds;
  MessageModel messages(*connection_);
  const auto append = [&](const DirectMessage& row, milliseconds left) {
    const std::vector<DirectMessage> rows{row};
    const auto by = base::system_clock().boot_now() + left;
    const auto stored = messages.append_direct(pointers_to(rows), by);
    return stored ? std::optional<ErrorCode>() : stored.error().code;
  };
  constexpr milliseconds kLate{-1};
  constexpr milliseconds kInTime{60'000};
  for (const Seq seq : {1, 2}) {  // the first one is stored with its stream's cursor
    EXPECT_EQ(append(direct(kBob, kAlice, seq), kLate), ErrorCode::kTimeout);
    EXPECT_EQ(after(kBob, kAlice, seq - 1), std::vector<Seq>{});
    EXPECT_TRUE(connection_->usable());
    EXPECT_EQ(append(direct(kBob, kAlice, seq), kInTime), std::nullopt);
    EXPECT_EQ(after(kBob, kAlice, seq - 1), std::vector<Seq>{seq});
  }
  const std::vector<DirectMessage> third{direct(kBob, kAlice, 3)};
  EXPECT_TRUE(messages.append_direct(pointers_to(third), base::SteadyTime::max()));
}

TEST_F(MessageModelTest, EventRowOfADirectStreamKeepsItsFields) {
  DirectMessage text = direct(kBob, kAlice, 1);
  text.n = 1;
  ASSERT_TRUE(send({text}));
  DirectMessage event = direct(kBob, kAlice, 2, "~event");
  event.kind = "edit";
  event.ref = 1;
  event.extra = R"({"ref":1,"rev":1})";
  event.n = 1;
  const auto store = [&] {
    return write([&] { return MessageModel(*connection_).insert_direct_event(event); });
  };
  ASSERT_TRUE(store());
  const auto again = store();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  const auto rows = MessageModel(*connection_).direct_tail(kBob, kAlice, 2);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(rows->front().kind, "");
  EXPECT_EQ(rows->front().ref, 0);
  EXPECT_EQ(rows->front().n, 1);
  EXPECT_EQ(rows->back().kind, "edit");
  EXPECT_EQ(rows->back().ref, 1);
  EXPECT_EQ(rows->back().extra, event.extra);
  EXPECT_EQ(rows->back().n, 1);
  const auto shown = offline(kBob);
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_FALSE(shown[0].contains("kind"));
  EXPECT_EQ(shown[1].at("kind"), "edit");
  EXPECT_EQ(shown[1].at("rev"), 1);
}

auto all_of(const DirectMessage& row) {
  return std::tie(row.recipient, row.sender, row.seq, row.cid, row.sent_at, row.body, row.kind,
                  row.extra, row.ref, row.n);
}
auto all_of(const GroupMessage& row) {
  return std::tie(row.group, row.seq, row.sender, row.cid, row.sent_at, row.body, row.kind,
                  row.extra, row.ended, row.ref);
}

// INBOX reads them so.
TEST_F(MessageModelTest, RowsAtPlacesHaveAllColumns) {
  DirectMessage text = direct(kBob, kAlice, 1, "edited");
  text.extra = R"({"reply":{"id":2,"seq":1},"edited":7,"rev":1})";
  text.n = 1;
  DirectMessage event = direct(kBob, kAlice, 2, "edited");
  event.kind = "edit";
  event.ref = 1;
  event.extra = R"({"ref":1,"rev":1})";
  event.n = 1;
  DirectMessage other = direct(kAlice, kCarol, 1);
  other.n = 1;
  ASSERT_TRUE(send({text}));
  ASSERT_TRUE(send({other}));
  ASSERT_TRUE(write([&] { return MessageModel(*connection_).insert_direct_event(event); }));
  run("UPDATE directmessage SET ref = 2 WHERE recipient = 2 AND seq = 1");
  text.ref = 2;
  const auto found = MessageModel(*connection_)
                         .direct_at(std::vector<MessageModel::DirectPlace>{
                             {{kBob, kAlice}, 1}, {{kBob, kAlice}, 2}, {{kAlice, kCarol}, 1}});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 3u);
  for (const DirectMessage& expected : {text, event, other}) {
    EXPECT_TRUE(
        std::any_of(found->begin(), found->end(),
                    [&](const DirectMessage& row) { return all_of(row) == all_of(expected); }))
        << expected.seq << expected.kind;
  }
}

TEST_F(MessageModelTest, RowsOfGroupsAtPlacesHaveAllColumns) {
  const GroupId tea = add_group("tea", kAlice);
  const GroupId club = add_group("club", kAlice);
  std::vector<GroupMessage> rows;
  for (const GroupId group : {tea, club}) {
    GroupMessage row{group, 1, kAlice, "c", 1001, "text"};
    row.extra = R"({"at":[2]})";
    row.n = 1;
    rows.push_back(row);
    ASSERT_TRUE(send(std::vector<GroupMessage>{row}));
  }
  GroupMessage event{tea, 2, kBob, "~e", 1002, "bob left", "notice", R"({"event":"left"})", kBob};
  event.n = 1;
  rows.push_back(event);
  ASSERT_TRUE(write([&] { return MessageModel(*connection_).insert_group_event(event); }));
  const auto found =
      MessageModel(*connection_)
          .group_at(std::vector<MessageModel::GroupPlace>{{tea, 1}, {club, 1}, {tea, 2}});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), rows.size());
  for (const GroupMessage& expected : rows) {
    EXPECT_TRUE(
        std::any_of(found->begin(), found->end(),
                    [&](const GroupMessage& row) { return all_of(row) == all_of(expected); }))
        << expected.group.value << " " << expected.seq;
  }
}

TEST_F(MessageModelTest, ExistingCursorIsKept) {
  run("INSERT INTO directcursor VALUES (2, 1, 5, 5)");
  ASSERT_TRUE(send({direct(kBob, kAlice, 1)}));
  EXPECT_EQ(delivered(kBob), 5);
}

TEST_F(MessageModelTest, DirectCursorsMoveForwardOnly) {
  ASSERT_TRUE(send({direct(kBob, kAlice, 1), direct(kBob, kAlice, 2), direct(kBob, kAlice, 3)}));
  ASSERT_TRUE(advance({{kBob, kAlice, {}, 2}}));
  EXPECT_EQ(delivered(kBob), 2);
  ASSERT_TRUE(advance({{kBob, kAlice, {}, 1}}));
  EXPECT_EQ(delivered(kBob), 2);
  ASSERT_TRUE(advance({{kBob, kAlice, {}, 3}, {kBob, kAlice, {}, 2}}));
  EXPECT_EQ(delivered(kBob), 3);
  ASSERT_TRUE(advance({{kBob, kAlice, {}, 0, 2}}));
  EXPECT_EQ(number("SELECT read_seq FROM directcursor"), 2);
  ASSERT_TRUE(advance({{kBob, kAlice, {}, 0, 1}}));
  EXPECT_EQ(number("SELECT read_seq FROM directcursor"), 2);
  EXPECT_EQ(delivered(kBob), 3);
  EXPECT_EQ(number("SELECT COUNT(*) FROM directcursor"), 1);
}

TEST_F(MessageModelTest, AdvanceDoesNotRestoreAFormerMember) {
  const auto group = add_group("club", kAlice);
  ASSERT_TRUE(send(std::vector<GroupMessage>{{group, 1, kAlice, "a", 1, "x"}}));
  const auto members = number("SELECT COUNT(*) FROM groupuser");
  ASSERT_TRUE(advance({{kBob, {}, group, 1, 1}}));
  EXPECT_EQ(number("SELECT COUNT(*) FROM groupuser"), members);
}

TEST_F(MessageModelTest, GroupPositionsStartWhereTheMemberJoinedAndMoveForwardOnly) {
  const auto group = add_group("club", kAlice);
  ASSERT_TRUE(send(std::vector<GroupMessage>{{group, 1, kAlice, "a", 1, "x"}}));
  add_member(group, kBob);
  ASSERT_TRUE(send(std::vector<GroupMessage>{{group, 2, kAlice, "b", 1, "y"}}));
  const auto positions = positions_of(kBob);
  ASSERT_EQ(positions.size(), 1u);
  EXPECT_EQ(positions.front().group, group);
  EXPECT_EQ(positions.front().delivered, 1);
  EXPECT_EQ(positions.front().head, 2);
  ASSERT_TRUE(advance({{kBob, {}, group, 2}}));
  ASSERT_TRUE(advance({{kBob, {}, group, 1}}));
  EXPECT_EQ(positions_of(kBob).front().delivered, 2);
  EXPECT_EQ(positions_of(kAlice).front().delivered, 0);
  EXPECT_TRUE(positions_of(kCarol).empty());
}

TEST_F(MessageModelTest, GroupMessagesRoundTripAndAreFoundByCid) {
  const auto group = add_group("club", kAlice);
  std::vector<GroupMessage> rows;
  for (const auto& text : awkward_texts()) {
    const auto seq = static_cast<Seq>(rows.size() + 1);
    rows.push_back({group, seq, kBob, fmt::format("c{}", seq), 1000 + seq, text});
  }
  ASSERT_TRUE(send(rows));
  MessageModel messages(*connection_);
  const auto read = messages.group_after(group, kAlice, 0, 100);
  ASSERT_EQ(read.value().size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ((*read)[i].body, rows[i].body);
    const auto found = messages.find_group_message(group, kBob, rows[i].cid);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->seq, rows[i].seq);
    EXPECT_EQ((*found)->sender, kBob);
    EXPECT_EQ((*found)->sent_at, rows[i].sent_at);
    EXPECT_EQ((*found)->body, rows[i].body);
  }
  std::vector<MessageModel::GroupCid> cids;
  for (const GroupMessage& row : rows) cids.push_back({group, kBob, row.cid});
  cids.insert(cids.end(), {{group, kAlice, "c1"}, {group, kBob, "C1"}, {{}, kBob, "c1"}});
  const auto all = messages.group_messages_of(cids);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), rows.size());
  EXPECT_FALSE(messages.find_group_message(group, kAlice, "c1").value());
  EXPECT_FALSE(messages.find_group_message(group, kBob, "C1").value());
  EXPECT_EQ(messages.group_head(group, 2)->sent_at, 1002);
  EXPECT_EQ(messages.group_head(group, 99)->sent_at, 0);
  EXPECT_EQ(messages.group_after(group, kAlice, 3, 2)->front().seq, 4);
  EXPECT_EQ(messages.group_after(group, kAlice, 3, 2)->size(), 2u);
}

TEST_F(MessageModelTest, GroupIsReadFromWhereTheMemberJoined) {
  const auto group = add_group("club", kAlice);
  std::vector<GroupMessage> rows;
  for (Seq seq = 1; seq <= 3; ++seq)
    rows.push_back({group, seq, kAlice, fmt::format("c{}", seq), 1, "text"});
  ASSERT_TRUE(send(rows));
  add_member(group, kBob);
  ASSERT_TRUE(send(std::vector<GroupMessage>{{group, 4, kAlice, "c4", 1, "text"}}));
  MessageModel messages(*connection_);
  EXPECT_EQ(messages.group_after(group, kAlice, 0, 100)->size(), 4u);
  const auto read = messages.group_after(group, kBob, 0, 100);
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().seq, 4);
  EXPECT_TRUE(messages.group_after(group, UserId{77}, 0, 100)->empty()) << "no member";
  // Whatever was written, a position is never before the join.
  run("UPDATE groupuser SET delivered_seq = 0");
  const std::vector<UserId> users{kBob};
  ASSERT_EQ(messages.positions(users)->size(), 1u);
  EXPECT_EQ(messages.positions(users)->front().delivered, 3);
  EXPECT_EQ(messages.positions(users)->front().delivered_at, 1);
}

TEST_F(MessageModelTest, LockingGroupsReturnsTheirHeads) {
  const auto talked_in = add_group("club", kAlice);
  const auto joined = add_group("team", kAlice);
  for (const GroupId group : {talked_in, joined}) {
    GroupMessage text{group, 1, kAlice, "a", 11, "x"};
    text.n = 1;
    ASSERT_TRUE(send(std::vector<GroupMessage>{text}));
  }
  auto locked = write([&]() -> Result<std::vector<MessageModel::LockedGroup>> {
    MessageModel messages(*connection_);
    GroupMessage event{joined, 2, kBob, "b", 13, ""};
    event.kind = "notice";
    EXPECT_TRUE(messages.insert_group_event(event));
    EXPECT_TRUE(messages.set_group_last_seq(joined, 2));
    return messages.try_lock_groups(std::vector<GroupId>{talked_in, joined, GroupId{99}});
  });
  ASSERT_EQ(locked.value().size(), 2u) << "those that exist";
  std::sort(locked->begin(), locked->end(), [](auto& a, auto& b) { return a.id < b.id; });
  EXPECT_EQ(locked->front().head, 1);
  EXPECT_EQ(locked->front().head_row.sent_at, 11);
  EXPECT_EQ(locked->front().head_row.n, 1);
  EXPECT_EQ(locked->back().head, 2);
  EXPECT_EQ(locked->back().head_row.sent_at, 13) << "the head is an event";
}

TEST_F(MessageModelTest, ADuplicateCidInAGroupIsAConflict) {
  const auto group = add_group("club", kAlice);
  ASSERT_TRUE(send(std::vector<GroupMessage>{{group, 1, kAlice, "a", 1, "x"}}));
  const auto same_cid = send(std::vector<GroupMessage>{{group, 2, kAlice, "a", 1, "x"}});
  ASSERT_FALSE(same_cid);
  EXPECT_EQ(same_cid.error().code, ErrorCode::kConflict);
  const auto same_seq = send(std::vector<GroupMessage>{{group, 1, kBob, "b", 1, "x"}});
  ASSERT_FALSE(same_seq);
  EXPECT_EQ(same_seq.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(send(std::vector<GroupMessage>{{group, 2, kBob, "a", 1, "x"}}));
}

TEST_F(MessageModelTest, RowsOutOfKeyOrderAreAMistake) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::vector<DirectMessage> rows{direct(kBob, kAlice, 2), direct(kBob, kAlice, 1)};
  EXPECT_DEATH(static_cast<void>(send(rows)), "check failed");
}

TEST_F(MessageModelTest, OfflineMessageViewShowsUndeliveredMessages) {
  std::vector<DirectMessage> rows;
  for (const auto& text : awkward_texts()) {
    rows.push_back(direct(kBob, kAlice, static_cast<Seq>(rows.size() + 1), text));
  }
  ASSERT_TRUE(send(rows));
  ASSERT_TRUE(advance({{kBob, kAlice, {}, 2}}));
  const auto waiting = offline(kBob);
  ASSERT_EQ(waiting.size(), rows.size() - 2);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const auto& row = rows[i + 2];
    EXPECT_EQ(waiting[i].size(), 8u);
    EXPECT_EQ(waiting[i]["msgid"], 6);
    EXPECT_EQ(waiting[i]["id"], 1);
    EXPECT_EQ(waiting[i]["name"], "alice");
    EXPECT_EQ(waiting[i]["toid"], 2);
    EXPECT_EQ(waiting[i]["msg"], row.body);
    EXPECT_EQ(waiting[i]["ts"], row.sent_at);
    EXPECT_EQ(waiting[i]["seq"], row.seq);
    EXPECT_EQ(waiting[i]["cid"], row.cid);
  }
  EXPECT_TRUE(offline(kAlice).empty());
}

TEST_F(MessageModelTest, OfflineMessageViewOmitsOwnGroupMessages) {
  const auto group = add_group("club", kAlice);
  add_member(group, kBob);
  ASSERT_TRUE(send(std::vector<GroupMessage>{{group, 1, kAlice, "a", 11, "from alice"},
                                             {group, 2, kBob, "b", 12, "from bob"}}));
  const auto for_bob = offline(kBob);
  ASSERT_EQ(for_bob.size(), 1u);
  EXPECT_EQ(for_bob[0].dump(),
            R"({"cid":"a","groupid":1,"id":1,"msg":"from alice","msgid":10,"name":"alice",)"
            R"("seq":1,"ts":11})");
  ASSERT_EQ(offline(kAlice).size(), 1u);
  EXPECT_EQ(offline(kAlice)[0]["seq"], 2);
  ASSERT_TRUE(advance({{kBob, {}, group, 1}}));
  EXPECT_TRUE(offline(kBob).empty());
}

TEST_F(MessageModelTest, BehindReturnsStreamsWithUndeliveredMessages) {
  constexpr UserId alice{1};
  constexpr UserId bob{2};
  const auto group = add_group("group", alice);
  add_member(group, bob);
  MessageModel messages(*connection_);
  const std::vector<DirectMessage> rows{{bob, alice, 1, "c1", 1, "x"},
                                        {bob, alice, 2, "c2", 1, "x"}};
  ASSERT_TRUE(write([&] { return messages.insert_direct(pointers_to(rows)); }));
  const std::vector<UserId> users{alice, bob};
  auto behind = messages.behind(users);
  ASSERT_TRUE(behind);
  ASSERT_EQ(behind->size(), 1u);
  EXPECT_EQ(behind->front().user, bob);
  EXPECT_EQ(behind->front().sender, alice);
  EXPECT_EQ(behind->front().head, 2);
  const std::vector<CursorMove> moves{{bob, alice, {}, 2}};
  ASSERT_TRUE(write([&] { return messages.advance(moves); }));
  ASSERT_TRUE(write([&] { return messages.set_group_last_seq(group, 3); }));
  behind = messages.behind(users);
  ASSERT_TRUE(behind);
  ASSERT_EQ(behind->size(), 2u);
  for (const StreamState& item : *behind) {
    EXPECT_EQ(item.group, group);
    EXPECT_EQ(item.head, 3);
  }
}

}  // namespace
}  // namespace chat::storage
