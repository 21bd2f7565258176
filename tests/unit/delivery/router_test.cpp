#include "delivery/push/router.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/cluster/local_bus.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/moderation_model.h"
#include "chat/storage/node_model.h"
#include "support/deadline.h"
#include "support/session_rig.h"
#include "support/storage/storage_fixture.h"
#include "unit/delivery/push/delivery_node.h"

namespace chat::delivery {
namespace {

using Json = nlohmann::json;

// Holds back what is published on some channels, like a slow network.
class LateMessages final : public cluster::BusListener {
 public:
  LateMessages(cluster::LocalHub& hub, std::vector<cluster::Channel> channels) : bus_(hub) {
    EXPECT_TRUE(bus_.start(*this));
    bus_.subscribe(std::move(channels), {});
  }
  ~LateMessages() override { bus_.stop(); }

  void on_bus_message(const cluster::BusMessage& message) override {
    base::MutexLock lock(mutex_);
    messages_.push_back(message);
  }
  void on_bus_gap() override {}

  cluster::BusMessage take() {
    EXPECT_TRUE(test::wait_until([this] {
      base::MutexLock lock(mutex_);
      return !messages_.empty();
    }));
    base::MutexLock lock(mutex_);
    cluster::BusMessage first = messages_.front();
    messages_.erase(messages_.begin());
    return first;
  }

 private:
  cluster::LocalBus bus_;
  base::Mutex mutex_;
  std::vector<cluster::BusMessage> messages_ CHAT_GUARDED_BY(mutex_);
};

class RouterTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
    here_ = std::make_unique<DeliveryNode>(database_, hub_);
    there_ = std::make_unique<DeliveryNode>(database_, hub_);
  }
  void TearDown() override {
    here_.reset();
    there_.reset();
  }

  static DirectEntry direct(const test::SessionRig::Pair& sender, UserId from, UserId to, Seq seq) {
    DirectEntry entry;
    entry.message = {to, from, seq, "c" + std::to_string(seq), 5, "text"};
    entry.sender_name = "sender";
    entry.session = sender.session;
    sender.session->commit_begun();
    return entry;
  }
  static GroupEntry in_group(const test::SessionRig::Pair& sender, UserId from, GroupId group,
                             Seq seq) {
    GroupEntry entry;
    entry.message = {group, seq, from, "c" + std::to_string(seq), 5, "text"};
    entry.sender_name = "sender";
    entry.session = sender.session;
    sender.session->commit_begun();
    return entry;
  }
  static void settle(DeliveryNode& node, DirectEntry entry) {
    std::vector<DirectEntry> entries;
    entries.push_back(std::move(entry));
    node.router.on_direct_settled(std::move(entries));
  }
  static void settle(DeliveryNode& node, GroupEntry entry) {
    std::vector<GroupEntry> entries;
    entries.push_back(std::move(entry));
    node.router.on_group_settled(std::move(entries));
  }
  static Json next(test::SessionRig::Pair& pair) {
    const auto line = pair.peer->line();
    return line ? Json::parse(*line) : Json();
  }
  static std::string membership(const std::string& change, int number) {
    return "{\"msgid\":202,\"number\":" + std::to_string(number) + ",\"change\":\"" + change +
           "\"}";
  }
  // No push came before this.
  static void expect_quiet(DeliveryNode& node, test::SessionRig::Pair& pair) {
    node.rig.in_loop(pair.session->loop_index(),
                     [&] { pair.session->socket().send("{\"msgid\":-1}"); });
    EXPECT_EQ(next(pair).at("msgid"), -1);
  }

  cluster::LocalHub hub_;
  std::unique_ptr<DeliveryNode> here_;
  std::unique_ptr<DeliveryNode> there_;
  UserId alice_;
  UserId bob_;
};

TEST_F(RouterTest, AcknowledgesAndPushesOnThisNode) {
  auto alice = here_->log_in(alice_);
  auto bob = here_->log_in(bob_, {}, {.loop = 1});
  settle(*here_, direct(alice, alice_, bob_, 1));
  const Json ack = next(alice);
  EXPECT_EQ(ack.at("msgid"), 106);
  EXPECT_EQ(ack.at("errno"), 0);
  EXPECT_EQ(ack.at("seq"), 1);
  EXPECT_EQ(ack.at("toid"), bob_.value);
  EXPECT_FALSE(ack.contains("cid"));
  const Json push = next(bob);
  EXPECT_EQ(push.at("msgid"), 6);
  EXPECT_EQ(push.at("msg"), "text");
  EXPECT_EQ(push.at("id"), alice_.value);
}

TEST_F(RouterTest, DirectMessageReachesTheOtherNode) {
  auto alice = here_->log_in(alice_);
  auto bob = there_->log_in(bob_);
  settle(*here_, direct(alice, alice_, bob_, 1));
  EXPECT_EQ(next(alice).at("msgid"), 106);
  EXPECT_EQ(next(bob).at("msg"), "text");
  expect_quiet(*there_, bob);
}

// A login here that is about to be refused, or a session that is closing.
TEST_F(RouterTest, UnconfirmedSessionDoesNotHideMessagesFromTheBus) {
  auto alice = here_->log_in(alice_);
  auto bob = there_->log_in(bob_);
  auto trying = here_->rig.connect();
  ASSERT_EQ(here_->registry.reserve(bob_, trying.session, false, {}),
            session::Registry::Reservation::kGranted);
  settle(*here_, direct(alice, alice_, bob_, 1));
  EXPECT_EQ(next(bob).at("msg"), "text");
  here_->registry.claimed(bob_, *trying.session, 2);
  here_->registry.leaving(bob_, *trying.session);
  settle(*here_, direct(alice, alice_, bob_, 2));
  EXPECT_EQ(next(bob).at("msg"), "text");
  const std::vector<storage::Watch> watches{{bob_, alice_}};
  here_->router.presence(watches, {{alice_, true}});
  EXPECT_EQ(next(bob).at("msgid"), 200);
  here_->registry.release(bob_, *trying.session);
}

TEST_F(RouterTest, LogoutUnsubscribesTheUser) {
  auto alice = here_->log_in(alice_);
  auto bob = there_->log_in(bob_);
  there_->log_out(bob_, bob.session);
  settle(*here_, direct(alice, alice_, bob_, 1));
  EXPECT_EQ(next(alice).at("msgid"), 106);
  expect_quiet(*there_, bob);
}

TEST_F(RouterTest, GroupMessageReachesMembersEverywhereOnceAndNotItsSender) {
  const GroupId group = add_group("group", alice_);
  add_member(group, bob_);
  const UserId carol_id = add_user("carol");
  add_member(group, carol_id);
  auto alice = here_->log_in(alice_, {group});
  auto carol = here_->log_in(carol_id, {group}, {.loop = 1});
  auto bob = there_->log_in(bob_, {group});
  settle(*here_, in_group(alice, alice_, group, 1));
  EXPECT_EQ(next(alice).at("msgid"), 110);
  EXPECT_EQ(next(bob).at("groupid"), group.value);
  EXPECT_EQ(next(carol).at("groupid"), group.value);
  expect_quiet(*here_, alice);  // neither its own message nor its echo
  expect_quiet(*here_, carol);
  expect_quiet(*there_, bob);
}

TEST_F(RouterTest, RefusedMessageIsNotPushed) {
  auto alice = here_->log_in(alice_);
  auto bob = here_->log_in(bob_);
  auto entry = direct(alice, alice_, bob_, 0);
  entry.cid_given = true;
  entry.refusal = protocol::Refusal{protocol::Errno::kConflict, "no", {}};
  settle(*here_, std::move(entry));
  const Json refused = next(alice);
  EXPECT_EQ(refused.at("msgid"), 106);
  EXPECT_EQ(refused.at("errno"), 24);
  EXPECT_EQ(refused.at("cid"), "c0");
  expect_quiet(*here_, bob);
}

// The commit's answer was lost and the sender refused; the retry finds the message stored. The
// recipients, one on each node, have not received it; its text was changed since.
TEST_F(RouterTest, RepeatIsReadFromTheTableUnlessAlreadyReceived) {
  auto alice = here_->log_in(alice_);
  auto bob = here_->log_in(bob_);
  const UserId carol_id = add_user("carol");
  auto carol = there_->log_in(carol_id);
  for (auto* recipient : {&bob, &carol}) {
    const UserId id = recipient == &bob ? bob_ : carol_id;
    const std::vector<storage::DirectMessage> rows{{id, alice_, 1, "c1", 5, "changed"}};
    ASSERT_TRUE(send(rows));
    auto entry = direct(alice, alice_, id, 1);
    entry.repeated = true;
    settle(*here_, std::move(entry));
    auto again = direct(alice, alice_, id, 1);
    again.repeated = true;
    settle(*here_, std::move(again));
    EXPECT_EQ(next(alice).at("seq"), 1);
    EXPECT_EQ(next(alice).at("seq"), 1);
    EXPECT_EQ(next(*recipient).at("msg"), "changed");
  }
  expect_quiet(*here_, bob);
  expect_quiet(*there_, carol);
}

TEST_F(RouterTest, EventsReachUsersAndGroupsOfBothNodes) {
  const GroupId group = add_group("group", alice_);
  add_member(group, bob_);
  ASSERT_TRUE(storage::FriendModel(*connection_).insert(alice_, bob_).value());
  auto alice = here_->log_in(alice_, {group});
  auto bob = there_->log_in(bob_, {group});
  here_->router.event_to_user(bob_, "{\"msgid\":201}", alice_);
  EXPECT_EQ(next(bob).at("msgid"), 201);
  there_->router.event_to_group(group, membership("joined", 1), bob_);
  EXPECT_EQ(next(alice).at("msgid"), 202);
  expect_quiet(*there_, bob);
}

TEST_F(RouterTest, MalformedBusMessagesAreDropped) {
  auto bob = here_->log_in(bob_);
  here_->router.on_bus_message({cluster::channel_of(bob_), "nonsense"});
  here_->router.on_bus_message({cluster::channel_of(bob_), ""});
  expect_quiet(*here_, bob);
}

TEST_F(RouterTest, LogoutWaitsForItsCommits) {
  auto alice = here_->log_in(alice_);
  auto entry = direct(alice, alice_, bob_, 1);
  std::promise<void> logged_out;
  here_->rig.handler.on_request = [&](session::Session&, const protocol::Request&) {
    logged_out.set_value();
  };
  auto done = logged_out.get_future();
  alice.peer->send("{\"msgid\":3}\n");
  EXPECT_EQ(done.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  settle(*here_, std::move(entry));
  EXPECT_EQ(done.wait_for(test::kPatience), std::future_status::ready);
}

TEST_F(RouterTest, TakeoverEvictsTheOlderSessionOfTheOtherNodeAndWaitsForIt) {
  auto older = there_->log_in(alice_);
  there_->registry.claimed(alice_, *older.session, 1);
  auto newer = here_->log_in(alice_);
  here_->registry.claimed(alice_, *newer.session, 2);
  std::promise<void> gone;
  here_->router.take_over(alice_, 2, [&gone] { gone.set_value(); });
  const Json bye = next(older);
  EXPECT_EQ(bye.at("msgid"), 204);
  EXPECT_EQ(bye.at("reason"), "taken_over");
  EXPECT_EQ(bye.at("reconnect_after_ms"), -1);
  auto waited = gone.get_future();
  EXPECT_EQ(waited.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  there_->router.tell_gone(alice_, 1);
  EXPECT_EQ(waited.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  expect_quiet(*here_, newer);
}

TEST_F(RouterTest, PresenceReachesWatchersOnAllNodes) {
  storage::FriendModel friends(*connection_);
  const UserId carol_id = add_user("carol");
  ASSERT_TRUE(friends.insert(bob_, alice_).value());
  ASSERT_TRUE(friends.insert(carol_id, alice_).value());
  const auto node = storage::begin_node(*connection_, "a");
  for (const UserId user : {alice_, bob_, carol_id}) {
    ASSERT_TRUE(storage::UserModel(*connection_).claim(user, *node, false).value());
  }
  auto bob = here_->log_in(bob_);
  auto carol = there_->log_in(carol_id);
  here_->presence.changed(alice_);
  for (auto* watcher : {&bob, &carol}) {
    const Json push = next(*watcher);
    EXPECT_EQ(push.at("msgid"), 200);
    EXPECT_EQ(push.at("id"), alice_.value);
    EXPECT_EQ(push.at("state"), "online");
  }
  ASSERT_TRUE(storage::UserModel(*connection_).release(alice_, 1).value());
  there_->presence.changed(alice_);
  EXPECT_EQ(next(bob).at("state"), "offline");
  EXPECT_EQ(next(carol).at("state"), "offline");
}

// While the hint was in flight the user has logged in again somewhere.
TEST_F(RouterTest, LatePresenceComesFromTheTable) {
  ASSERT_TRUE(storage::FriendModel(*connection_).insert(bob_, alice_).value());
  const auto node = storage::begin_node(*connection_, "a");
  storage::UserModel users(*connection_);
  for (const UserId user : {alice_, bob_}) ASSERT_TRUE(users.claim(user, *node, false).value());
  LateMessages held(hub_, {cluster::channel_of(bob_)});
  ASSERT_TRUE(users.release(alice_, 1).value());
  here_->presence.changed(alice_);
  const cluster::BusMessage offline = held.take();
  ASSERT_TRUE(users.claim(alice_, *node, false).value());
  auto bob = there_->log_in(bob_);
  for (int time = 0; time < 2; ++time) {
    there_->events.on_bus_message(offline);
    const Json push = next(bob);
    EXPECT_EQ(push.at("msgid"), 200);
    EXPECT_EQ(push.at("id"), alice_.value);
    EXPECT_EQ(push.at("state"), "online");
  }
}

TEST_F(RouterTest, FriendsOfADeletedAccountSeeItOffline) {
  const auto node = storage::begin_node(*connection_, "a");
  ASSERT_TRUE(storage::UserModel(*connection_).claim(bob_, *node, false).value());
  auto bob = there_->log_in(bob_);
  const std::vector<storage::Watch> friends{{bob_, alice_}};  // whom the tables no longer list
  here_->presence.changed(friends);
  EXPECT_EQ(next(bob).at("state"), "offline");
}

TEST_F(RouterTest, LateGroupChangeIsForwardedIfStillTrue) {
  const GroupId group = add_group("group", alice_);
  const UserId carol = add_user("carol");
  for (const UserId user : {bob_, carol}) {
    add_member(group, user);
  }
  LateMessages held(hub_, {cluster::channel_of(group)});
  here_->router.event_to_group(group, membership("joined", 1), carol);
  const cluster::BusMessage joined = held.take();
  ASSERT_TRUE(write([&] { return storage::GroupModel(*connection_).erase_all(carol); }));
  auto bob = there_->log_in(bob_, {group});
  there_->events.on_bus_message(joined);
  here_->router.event_to_group(group, membership("left", 2), carol);
  EXPECT_EQ(next(bob).at("number"), 2);
  expect_quiet(*there_, bob);
}

TEST_F(RouterTest, LateContactIsForwardedIfStillTrue) {
  storage::FriendModel friends(*connection_);
  LateMessages held(hub_, {cluster::channel_of(bob_)});
  here_->router.event_to_user(bob_, "{\"msgid\":201,\"number\":1}", alice_);
  const cluster::BusMessage added = held.take();
  auto bob = there_->log_in(bob_);
  there_->events.on_bus_message(added);
  const UserId carol = add_user("carol");
  ASSERT_TRUE(friends.insert(carol, bob_).value());
  here_->router.event_to_user(bob_, "{\"msgid\":201,\"number\":2}", carol);
  EXPECT_EQ(next(bob).at("number"), 2);
  expect_quiet(*there_, bob);
}

TEST_F(RouterTest, OnlyTheDeletedAccountIsEvicted) {
  auto alice = there_->log_in(alice_);
  LateMessages held(hub_, {cluster::kChannelOfAll});
  here_->router.account_deleted(alice_);
  const cluster::BusMessage deleted = held.take();
  there_->events.on_bus_message(deleted);
  // Returns what is pushed after it has waited.
  ASSERT_TRUE(storage::FriendModel(*connection_).insert(bob_, alice_).value());
  here_->router.event_to_user(alice_, "{\"msgid\":201}", bob_);
  EXPECT_EQ(next(alice).at("msgid"), 201);
  EXPECT_FALSE(alice.session->ending());
  ASSERT_TRUE(connection_->execute("UPDATE user SET name = '', password = '' WHERE id = " +
                                   std::to_string(alice_.value)));
  there_->events.on_bus_message(deleted);
  EXPECT_EQ(next(alice).at("reason"), "account_deleted");
}

TEST_F(RouterTest, LateReceiptIsDropped) {
  const auto tell = [this](ReceiptKind kind, Seq seq) {
    const std::vector<DirectReceipt> receipts{{alice_, bob_, kind, seq}};
    here_->router.receipts_to_users(receipts, Reach::kCluster);
  };
  auto alice = there_->log_in(alice_, {}, {.acknowledges = true});
  tell(ReceiptKind::kDelivered, 5);
  tell(ReceiptKind::kDelivered, 3);
  tell(ReceiptKind::kRead, 2);
  tell(ReceiptKind::kRead, 1);
  tell(ReceiptKind::kDelivered, 6);
  EXPECT_EQ(next(alice).at("seq"), 5);
  EXPECT_EQ(next(alice).at("seq"), 2);
  EXPECT_EQ(next(alice).at("seq"), 6);
  expect_quiet(*there_, alice);
}

// Committed by another node, which died before publishing.
TEST_F(RouterTest, ResyncFindsUnpublishedMessages) {
  auto bob = here_->log_in(bob_);
  const std::vector<storage::DirectMessage> rows{{bob_, alice_, 1, "c1", 1, "unheard"}};
  ASSERT_TRUE(write([&] {
    return storage::MessageModel(*connection_).insert_direct(storage::pointers_to(rows));
  }));
  expect_quiet(*here_, bob);
  here_->resync.start({});
  here_->events.on_bus_gap();
  EXPECT_EQ(next(bob).at("msg"), "unheard");
  here_->events.on_nodes_changed();
  expect_quiet(*here_, bob);
  here_->resync.stop();
}

TEST_F(RouterTest, ResyncEvictsUnnoticedTakeovers) {
  const auto node = storage::begin_node(*connection_, "a");
  storage::UserModel users(*connection_);
  ASSERT_EQ(users.claim(alice_, *node, false).value(), 1);
  auto alice = here_->log_in(alice_);
  here_->registry.claimed(alice_, *alice.session, 1);
  ASSERT_EQ(users.claim(alice_, *node, true).value(), 2);
  here_->resync.start({});
  here_->resync.request();
  EXPECT_EQ(next(alice).at("reason"), "taken_over");
  here_->resync.stop();
}

// The other node looks up in the table why the session is older.
TEST_F(RouterTest, SessionsEndedByAnOperatorEndOnTheOtherNode) {
  const auto node = storage::begin_node(*connection_, "a");
  storage::UserModel users(*connection_);
  ASSERT_EQ(users.claim(alice_, *node, false).value(), 1);
  auto alice = there_->log_in(alice_);
  there_->resync.start({});
  here_->router.sessions_ended(alice_, 2, session::kKicked);
  expect_quiet(*there_, alice);
  ASSERT_TRUE(storage::ModerationModel(*connection_).end_sessions(alice_));
  here_->router.sessions_ended(alice_, 2, session::kKicked);
  const Json bye = next(alice);
  EXPECT_EQ(bye.at("reason"), "kicked");
  EXPECT_EQ(bye.at("reconnect_after_ms"), 5000);
  there_->resync.stop();
}

TEST_F(RouterTest, SessionsEndedByAnOperatorEndHereAtOnce) {
  auto alice = here_->log_in(alice_);
  here_->router.sessions_ended(alice_, 2, session::kAccountDisabled);
  EXPECT_EQ(next(alice).at("reason"), "account_disabled");
}

TEST_F(RouterTest, AnnouncementReachesEverybodyOnBothNodesOnce) {
  there_->bus.subscribe({cluster::kChannelOfAll}, {});  // as ClusterNode does
  auto alice = here_->log_in(alice_);
  there_->bus.subscribe({cluster::kChannelOfAll}, {});
  auto bob = there_->log_in(bob_);
  const std::string json = R"({"msgid":207,"text":"hello","ts":1})";
  LateMessages heard(hub_, {cluster::kChannelOfAll});
  here_->router.announce(json);
  EXPECT_EQ(next(alice).at("text"), "hello");
  EXPECT_EQ(next(bob).at("text"), "hello");
  // The same as a hint.
  const auto mark = std::get<EventEnvelope>(*decode(heard.take().payload)).mark;
  there_->router.event_elsewhere({Hint::Kind::kAnnouncement, 0, 0, json, mark});
  expect_quiet(*there_, bob);
}

// It has missed changes while it did not read.
TEST_F(RouterTest, RefreshedUserGetsTheStatesOfAllItsFriends) {
  const UserId carol = add_user("carol");
  storage::FriendModel friends(*connection_);
  for (const UserId item : {bob_, carol}) ASSERT_TRUE(friends.insert(alice_, item).value());
  ASSERT_TRUE(friends.insert(bob_, alice_).value());
  run("UPDATE user SET state = 'online' WHERE id = " + std::to_string(carol.value));
  auto alice = here_->log_in(alice_);
  auto bob = here_->log_in(bob_);
  here_->presence.refresh(alice_);
  const Json first = next(alice);
  EXPECT_EQ(first.at("id"), bob_.value);
  EXPECT_EQ(first.at("state"), "offline");
  const Json second = next(alice);
  EXPECT_EQ(second.at("id"), carol.value);
  EXPECT_EQ(second.at("state"), "online");
  expect_quiet(*here_, bob);
}

// A user joins, leaves and joins again: the pushes are equal.
TEST_F(RouterTest, EventThatHappensAgainReachesTheOtherNodeAgain) {
  const GroupId group = add_group("group", alice_);
  const UserId carol = add_user("carol");
  for (const UserId user : {bob_, carol}) add_member(group, user);
  ASSERT_TRUE(storage::FriendModel(*connection_).insert(carol, bob_).value());
  auto bob = there_->log_in(bob_, {group});
  for (int repeat = 0; repeat < 2; ++repeat) {
    here_->router.event_to_group(group, membership("joined", 1), carol);
    EXPECT_EQ(next(bob).at("msgid"), 202);
    here_->router.event_to_user(bob_, "{\"msgid\":201}", carol);
    EXPECT_EQ(next(bob).at("msgid"), 201);
  }
  expect_quiet(*there_, bob);
}

}  // namespace
}  // namespace chat::delivery
