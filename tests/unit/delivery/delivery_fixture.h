#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/cluster/local_bus.h"
#include "chat/delivery/push_json.h"
#include "chat/storage/pool.h"
#include "delivery/push/loop_delivery.h"
#include "support/session_rig.h"
#include "support/storage/storage_fixture.h"

namespace chat::delivery {

// Delivery to one real session over a real SQLite file: alice is logged in, bob writes to her.
class DeliveryTest : public storage::StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    alice_ = add_user("alice");
    bob_ = add_user("bob");
    writeback_.start();
    SetUpPair();
  }
  void TearDown() override {
    rig_.stop();
    writeback_.stop();
  }
  // A new connection.
  void SetUpPair() {
    if (pair_.session) {
      detach();
    }
    pair_ = rig_.connect();
  }

  void detach() {
    std::promise<void> detached;
    rig_.in_loop(
        [&] { loop_delivery_.detach(*pair_.session, [&detached] { detached.set_value(); }); });
    detached.get_future().wait();
  }

  // Call in the loop.
  Window* window() { return Window::of(*pair_.session); }

  void attach(bool acknowledges = false, const std::vector<GroupId>& groups = {}) {
    std::promise<void> heard;
    rig_.in_loop([&] {
      loop_delivery_.attach(*pair_.session, alice_, acknowledges, groups,
                            [&heard] { heard.set_value(); });
    });
    heard.get_future().wait();
  }
  void release(const std::vector<Push>& sent = {}) {
    const auto positions = backlog_.positions(alice_);
    ASSERT_TRUE(positions);
    rig_.in_loop([&] { window()->release(*positions, sent); });
  }
  void log_in(bool acknowledges = false, const std::vector<GroupId>& groups = {}) {
    attach(acknowledges, groups);
    release();
  }

  // Commits Bob's messages `first` … `last`.
  void store(Seq first, Seq last, const std::string& body = "text") {
    std::vector<storage::DirectMessage> rows;
    for (Seq seq = first; seq <= last; ++seq) rows.push_back(message(seq, body));
    ASSERT_TRUE(send(rows));
    head_ = last;
  }
  void advance(Seq position) {
    const std::vector<storage::CursorMove> moves{{alice_, bob_, {}, position}};
    ASSERT_TRUE(write([&] { return storage::MessageModel(*connection_).advance(moves); }));
  }
  // Waits until the cursor is in the table, through the loop's tick and the writeback.
  bool is_written(const std::string& query, Seq expected) {
    return test::wait_until([&] {
      rig_.in_loop([this] { loop_delivery_.tick(); });
      return number(query) == expected;
    });
  }

  storage::DirectMessage message(Seq seq, const std::string& body) const {
    return {alice_, bob_, seq, "c" + std::to_string(seq), 1, body};
  }
  Push push(Seq seq, const std::string& body = "text") const {
    return {StreamKey::from(bob_), seq, bob_, 1,
            std::make_shared<const std::string>(push_json(message(seq, body), "bob"))};
  }
  static std::shared_ptr<const std::string> json(Seq seq) {
    return std::make_shared<const std::string>("{\"seq\":" + std::to_string(seq) + "}");
  }
  void offer(Seq seq, const std::string& body = "text") {
    rig_.in_loop([&] { window()->offer(push(seq, body)); });
  }
  void event(const std::string& text) {
    rig_.in_loop([&] { window()->offer_event(std::make_shared<const std::string>(text)); });
  }
  void say(const std::string& text) {
    rig_.in_loop([&] { pair_.session->socket().send(text); });
  }

  // Waits until the only worker has finished its queue.
  void finish_reads() {
    std::promise<void> done;
    ASSERT_TRUE(rig_.workers().try_post([&done] { done.set_value(); }));
    done.get_future().wait();
  }
  // Waits until all requested pages, and subsequent ones, have arrived.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      finish_reads();
      rig_.in_loop([] { return 0; });
    }
  }
  Seq next_seq() {
    const auto line = pair_.peer->line();
    return line ? nlohmann::json::parse(*line).at("seq").get<Seq>() : -1;
  }
  // Returns everything pushed; expects nothing after it.
  std::vector<Seq> received() {
    settle();
    say("{\"seq\":-2}");
    std::vector<Seq> all;
    for (Seq seq = next_seq(); seq >= 0; seq = next_seq()) all.push_back(seq);
    return all;
  }

  test::SessionRig rig_{1, 1};
  storage::Pool pool_{database_, {}, base::system_clock()};
  UserNameCache user_names_{pool_};
  Backlog backlog_{pool_, user_names_};
  Writeback writeback_{pool_};
  cluster::LocalHub hub_;
  cluster::LocalBus bus_{hub_};
  LoopDelivery loop_delivery_{backlog_, writeback_, bus_, rig_.workers()};
  test::SessionRig::Pair pair_;
  UserId alice_;
  UserId bob_;
  Seq head_ = 0;  // of bob's stream to alice
};

}  // namespace chat::delivery
