#include "chat/storage/contact_model.h"

#include "chat/storage/block_model.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/friend_request_model.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

constexpr UnixMillis kNow = 2'000'000'000'000;
constexpr UnixMillis kDay = 86'400'000;
using State = FriendRequest::State;

// Users 1, 2 and 3.
class ContactModelTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
    carol_ = add_user("carol");
  }
  template <typename Call>
  void change(Call call) {
    ASSERT_TRUE(write(call));
  }
  ChatRight right(UserId from, UserId to) {
    const std::vector<DirectStream> streams{{to, from}};
    const auto rights = ContactModel(*connection_).chat_rights(streams);
    EXPECT_TRUE(rights) << rights.error().message;
    return rights ? rights->front() : ChatRight::kYes;
  }

  UserId alice_;
  UserId bob_;
  UserId carol_;
};

TEST_F(ContactModelTest, LockReturnsThePoliciesOfBoth) {
  run("UPDATE user SET who_may_add = 'approval', who_may_chat = 'friends' WHERE id = 2");
  run("UPDATE user SET who_may_add = 'nobody', state = 'online' WHERE id = 1");
  const auto pair = write([&] { return ContactModel(*connection_).lock(bob_, alice_); });
  ASSERT_TRUE(pair && *pair);
  EXPECT_EQ((*pair)->self.id, bob_);
  EXPECT_EQ((*pair)->self.who_may_add, WhoMayAdd::kApproval);
  EXPECT_TRUE((*pair)->self.friends_only);
  EXPECT_EQ((*pair)->other.name, "alice");
  EXPECT_EQ((*pair)->other.who_may_add, WhoMayAdd::kNobody);
  EXPECT_FALSE((*pair)->other.friends_only);
  EXPECT_TRUE((*pair)->other.online);
}

TEST_F(ContactModelTest, LockFindsNoUnknownOrDeletedUser) {
  ASSERT_TRUE(UserModel(*connection_).remove(carol_, "hash").value());
  for (const UserId nobody : {carol_, UserId{99}}) {
    const auto pair = write([&] { return ContactModel(*connection_).lock(alice_, nobody); });
    ASSERT_TRUE(pair);
    EXPECT_FALSE(*pair);
  }
}

TEST_F(ContactModelTest, BumpRestrictsOnlyThatUser) {
  change([&] { return ContactModel(*connection_).bump(bob_); });
  change([&] { return ContactModel(*connection_).bump(bob_); });
  const std::vector<UserId> all{alice_, bob_, carol_};
  EXPECT_EQ(ContactModel(*connection_).restricted(all).value(), std::vector<UserId>{bob_});
  const auto states = UserModel(*connection_).states(std::vector<UserId>{bob_});
  ASSERT_TRUE(states);
  EXPECT_EQ(states->front().contact_rev, 2);
}

TEST_F(ContactModelTest, BlockBarsBothDirections) {
  EXPECT_EQ(right(alice_, bob_), ChatRight::kYes);
  change([&] { return BlockModel(*connection_).insert(bob_, alice_, 1); });
  EXPECT_EQ(right(alice_, bob_), ChatRight::kNo);
  EXPECT_EQ(right(bob_, alice_), ChatRight::kOwnBlock);
  EXPECT_EQ(right(carol_, bob_), ChatRight::kYes);
  change([&] { return BlockModel(*connection_).erase(bob_, alice_); });
  EXPECT_EQ(right(alice_, bob_), ChatRight::kYes);
}

TEST_F(ContactModelTest, FriendsOnlyMeansTheRecipientsList) {
  run("UPDATE user SET who_may_chat = 'friends' WHERE id = 2");
  ASSERT_TRUE(FriendModel(*connection_).insert(alice_, bob_));
  EXPECT_EQ(right(alice_, bob_), ChatRight::kNo);
  ASSERT_TRUE(FriendModel(*connection_).insert(bob_, alice_));
  EXPECT_EQ(right(alice_, bob_), ChatRight::kYes);
  EXPECT_EQ(right(bob_, alice_), ChatRight::kYes);
  EXPECT_EQ(right(bob_, bob_), ChatRight::kYes) << "a note to oneself";
}

TEST_F(ContactModelTest, RightsComeInTheOrderOfTheStreams) {
  change([&] { return BlockModel(*connection_).insert(bob_, alice_, 1); });
  std::vector<DirectStream> streams;
  for (int i = 0; i < 300; ++i) streams.push_back({i % 3 == 0 ? bob_ : carol_, alice_});
  const auto rights = ContactModel(*connection_).chat_rights(streams);
  ASSERT_TRUE(rights);
  ASSERT_EQ(rights->size(), streams.size());
  for (std::size_t i = 0; i < streams.size(); ++i) {
    EXPECT_EQ((*rights)[i], i % 3 == 0 ? ChatRight::kNo : ChatRight::kYes) << i;
  }
}

TEST_F(ContactModelTest, BlockerLooksOfflineToTheBlocked) {
  run("UPDATE user SET state = 'online'");
  FriendModel friends(*connection_);
  for (const auto& [user, item] : {std::pair(alice_, bob_), std::pair(bob_, alice_)}) {
    ASSERT_TRUE(friends.insert(user, item));
  }
  ASSERT_TRUE(friends.insert(carol_, bob_));
  change([&] {
    EXPECT_TRUE(BlockModel(*connection_).insert(bob_, alice_, 1));
    return ContactModel(*connection_).bump(bob_);
  });
  EXPECT_FALSE(friends.list(alice_, {}, 10)->front().online);
  EXPECT_FALSE(friends.list(std::vector<UserId>{alice_})->front().item.online);
  EXPECT_TRUE(friends.list(bob_, {}, 10)->front().online);
  EXPECT_TRUE(friends.list(carol_, {}, 10)->front().online);
  const std::vector<UserId> watched{alice_, bob_};
  auto watches = friends.online_watchers(watched);
  ASSERT_TRUE(watches);
  std::sort(watches->begin(), watches->end());
  EXPECT_EQ(*watches, (std::vector<Watch>{{bob_, alice_}, {carol_, bob_}}));
}

TEST_F(ContactModelTest, BlocksAreListedByIdInPages) {
  BlockModel blocks(*connection_);
  change([&] {
    EXPECT_TRUE(blocks.insert(alice_, carol_, 1));
    return blocks.insert(alice_, bob_, 2);
  });
  EXPECT_EQ(blocks.count(alice_).value(), 2U);
  const auto first = blocks.list(alice_, {}, 1);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 1U);
  EXPECT_EQ(first->front().name, "bob");
  EXPECT_EQ(blocks.list(alice_, bob_, 10)->front().id, carol_);
  EXPECT_TRUE(blocks.is_between(bob_, alice_).value());
  EXPECT_FALSE(blocks.is_between(bob_, carol_).value());
}

TEST_F(ContactModelTest, DeletedUserLeavesNoBlocksAndRequests) {
  change([&] {
    BlockModel blocks(*connection_);
    FriendRequestModel requests(*connection_, kNow);
    EXPECT_TRUE(blocks.insert(alice_, bob_, 1));
    EXPECT_TRUE(blocks.insert(bob_, alice_, 1));
    EXPECT_TRUE(requests.put(alice_, bob_, ""));
    EXPECT_TRUE(requests.put(bob_, alice_, ""));
    EXPECT_TRUE(requests.put(carol_, bob_, ""));
    EXPECT_TRUE(blocks.erase_all(alice_));
    return requests.erase_all(alice_);
  });
  EXPECT_EQ(number("SELECT COUNT(*) FROM block"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM friendrequest"), 1);
}

class FriendRequestModelTest : public ContactModelTest {
 protected:
  void put(UserId from, UserId to, UnixMillis at, std::string_view text = "hello") {
    change([&] { return FriendRequestModel(*connection_, at).put(from, to, text); });
  }
  std::vector<int> received(UserId user, UnixMillis now = kNow,
                            const std::optional<RequestCursor>& after = {},
                            std::size_t limit = 10) {
    const auto rows = FriendRequestModel(*connection_, now).received(user, after, limit);
    EXPECT_TRUE(rows) << rows.error().message;
    std::vector<int> ids;
    for (const auto& row : rows.value_or(std::vector<ListedRequest>{})) ids.push_back(row.id.value);
    return ids;
  }
};

TEST_F(FriendRequestModelTest, RequestIsFoundUntilItEnds) {
  put(alice_, bob_, kNow);
  const auto found = FriendRequestModel(*connection_, kNow + 30 * kDay - 1).find(alice_, bob_);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->state, State::kPending);
  EXPECT_EQ((*found)->created_at, kNow);
  EXPECT_FALSE(FriendRequestModel(*connection_, kNow + 30 * kDay).find(alice_, bob_)->has_value());
  EXPECT_FALSE(FriendRequestModel(*connection_, kNow).find(bob_, alice_)->has_value());
}

TEST_F(FriendRequestModelTest, ListsTheNewestFirstInPages) {
  put(bob_, alice_, kNow - 2);
  put(carol_, alice_, kNow - 2);
  const UserId dave = add_user("dave");
  put(dave, alice_, kNow - 1, "it's me");
  EXPECT_EQ(received(alice_), (std::vector<int>{dave.value, carol_.value, bob_.value}));
  EXPECT_EQ(received(alice_, kNow, {}, 1), (std::vector<int>{dave.value}));
  EXPECT_EQ(received(alice_, kNow, RequestCursor{kNow - 1, dave}),
            (std::vector<int>{carol_.value, bob_.value}));
  EXPECT_EQ(received(alice_, kNow, RequestCursor{kNow - 2, carol_}),
            (std::vector<int>{bob_.value}));
  EXPECT_EQ(received(alice_, kNow + 30 * kDay - 2), (std::vector<int>{dave.value}));
  const auto rows = FriendRequestModel(*connection_, kNow).received(alice_, {}, 1);
  EXPECT_EQ(rows->front().message, "it's me");
  EXPECT_EQ(rows->front().name, "dave");
  EXPECT_EQ(rows->front().created_at, kNow - 1);
}

TEST_F(FriendRequestModelTest, RefusedRequestLooksPendingToItsSenderOnly) {
  put(alice_, bob_, kNow);
  put(alice_, carol_, kNow);
  change([&] {
    FriendRequestModel requests(*connection_, kNow);
    EXPECT_TRUE(requests.set_state(alice_, bob_, State::kRefused));
    return requests.set_state(alice_, carol_, State::kAccepted);
  });
  EXPECT_EQ(received(bob_), std::vector<int>{});
  const auto sent = FriendRequestModel(*connection_, kNow).sent(alice_, {}, 10);
  ASSERT_TRUE(sent);
  ASSERT_EQ(sent->size(), 1U);
  EXPECT_EQ(sent->front().id, bob_);
}

TEST_F(FriendRequestModelTest, RequestsBetweenBlockedUsersAreNotReceived) {
  put(alice_, bob_, kNow);
  put(alice_, carol_, kNow);
  change([&] {
    BlockModel blocks(*connection_);
    EXPECT_TRUE(blocks.insert(bob_, alice_, 1));
    return blocks.insert(alice_, carol_, 1);
  });
  EXPECT_EQ(received(bob_), std::vector<int>{});
  EXPECT_EQ(received(carol_), std::vector<int>{});
}

TEST_F(FriendRequestModelTest, RecentOnesAreCountedWhateverBecameOfThem) {
  put(alice_, bob_, kNow - kDay);
  put(alice_, carol_, kNow - kDay + 1);
  change([&] {
    return FriendRequestModel(*connection_, kNow).set_state(alice_, carol_, State::kAccepted);
  });
  const auto recent = FriendRequestModel(*connection_, kNow).recent(alice_, kNow - kDay, 10);
  EXPECT_EQ(recent.value(), std::vector<UnixMillis>{kNow - kDay + 1});
}

TEST_F(FriendRequestModelTest, NewRequestDeletesEndedOnes) {
  put(alice_, carol_, kNow - 30 * kDay);
  put(carol_, bob_, kNow - 30 * kDay);
  put(alice_, bob_, kNow);
  EXPECT_EQ(number("SELECT COUNT(*) FROM friendrequest"), 1);
}

}  // namespace
}  // namespace chat::storage
