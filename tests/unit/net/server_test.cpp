#include "chat/net/server.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "server_rig.h"

namespace chat::net {
namespace {

using test::eventually;
using test::TcpClient;

TEST(Server, DealsConnectionsRoundRobinToItsLoops) {
  ServerRig rig(3);
  std::vector<TcpClient> clients;
  for (std::size_t i = 0; i < 6; ++i) {
    clients.push_back(rig.connect());
    EXPECT_EQ(rig.recorder(i)->loop_index, i % 3);
  }
  EXPECT_EQ(rig.server().count(), 6U);
}

TEST(Server, SendsTheFarewellToARefusedConnection) {
  ServerRig rig;
  rig.admission.on_admit = [](const Address& peer, std::string& farewell) {
    EXPECT_TRUE(peer.is_loopback());
    farewell = "come back later\n";
    return false;
  };
  TcpClient client = rig.connect();
  EXPECT_EQ(client.receive_all(), "come back later\n");
  EXPECT_EQ(client.error(), 0);
  EXPECT_EQ(rig.server().count(), 0U);
  EXPECT_EQ(rig.admission.gone_count, 0);
  EXPECT_TRUE(rig.recorders().empty());
}

TEST(Server, RefusesWithoutAResetIfTheClientSpeaksFirst) {
  ServerRig rig;
  rig.admission.on_admit = [](const Address&, std::string& farewell) {
    farewell = "no\n";
    return false;
  };
  std::unique_ptr<TcpClient> client;
  // The main loop is blocked until the client has sent something.
  rig.main().call([&] {
    client = std::make_unique<TcpClient>(rig.server().address());
    EXPECT_TRUE(client->send(std::string(10'000, 'x')));
  });
  EXPECT_EQ(client->receive_all(), "no\n");
  EXPECT_EQ(client->error(), 0);
}

TEST(Server, StopsAcceptingWhileItsLoopsAreBehind) {
  ServerRig rig;
  std::atomic<bool> behind{true};
  rig.pool().at(0).post([&] { eventually([&] { return !behind; }); });
  std::vector<TcpClient> clients;
  for (std::size_t i = 0; i < 2 * kOpeningMax; ++i) clients.push_back(rig.connect());
  EXPECT_TRUE(eventually([&] { return rig.server().count() == kOpeningMax; }));
  // Not even for several of its pauses.
  EXPECT_FALSE(eventually([&] { return rig.server().count() > kOpeningMax; },
                          std::chrono::milliseconds(50)));
  behind = false;
  EXPECT_TRUE(eventually([&] { return rig.server().count() == 2 * kOpeningMax; }));
}

TEST(Server, CountsConnectionsDownToNoneWhenTheyLeave) {
  ServerRig rig(2);
  rig.behaviour.on_input_end = [](Connection& c) { c.close(); };
  {
    std::vector<TcpClient> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(rig.connect());
    EXPECT_TRUE(eventually([&] { return rig.server().count() == 20; }));
    EXPECT_EQ(rig.admission.gone_count, 0);
  }
  EXPECT_TRUE(rig.all_gone());
  EXPECT_TRUE(eventually([&] { return rig.admission.gone_count == 20; }));
}

TEST(Server, CloseAllClosesEveryConnectionOfEveryLoop) {
  ServerRig rig(2);
  std::vector<TcpClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(rig.connect());
  rig.recorder(9);
  rig.server().close_all();
  for (TcpClient& client : clients) {
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(client.error(), 0);
  }
  EXPECT_TRUE(rig.all_gone());
  for (const auto& recorder : rig.recorders()) EXPECT_EQ(recorder->closed, 1);
  TcpClient next = rig.connect();  // it still accepts
  EXPECT_TRUE(eventually([&] { return rig.server().count() == 1; }));
}

TEST(Server, AnnouncesItsStopToEveryHandler) {
  ServerRig rig(2);
  rig.behaviour.on_stopping = [](Connection& c) { c.close(); };
  std::vector<TcpClient> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(rig.connect());
  rig.recorder(49);
  rig.server().announce_stop();
  EXPECT_TRUE(rig.all_gone());
  for (const auto& recorder : rig.recorders()) EXPECT_EQ(recorder->stoppings, 1);
  rig.server().announce_stop();  // no connection is left
  test::call_in(rig.pool().at(0), [] {});
}

TEST(Server, RefusesNewConnectionsOnceStopped) {
  ServerRig rig;
  rig.behaviour.on_bytes = [](Connection& c, std::string_view bytes) { c.send(bytes); };
  TcpClient old = rig.connect();
  rig.recorder();
  rig.main().call([&] {
    rig.server().stop_accepting();
    rig.server().stop_accepting();
  });
  TcpClient late = rig.connect();
  EXPECT_FALSE(late.connected());
  EXPECT_EQ(late.error(), ECONNREFUSED);
  ASSERT_TRUE(old.send("still there?"));
  EXPECT_EQ(old.receive(12), "still there?");
}

TEST(Server, MayBeDestroyedBeforeOrAfterItsLoops) {
  for (const bool server_first : {true, false}) {
    ServerRig rig(2);
    std::vector<TcpClient> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(rig.connect());
    for (std::size_t i = 0; i < 4; ++i) {
      auto recorder = rig.recorder(i);
      rig.in_loop(*recorder, [](Connection& c) {
        c.set_deadline(std::chrono::steady_clock::now() + std::chrono::minutes(1));
      });
    }
    rig.stop();
    rig.server().close_all();  // too late: never runs
    if (server_first) rig.destroy_server();
    rig.destroy_pool();
    if (!server_first) rig.destroy_server();
    for (TcpClient& client : clients) EXPECT_EQ(client.receive_all(), "");
    for (const auto& recorder : rig.recorders()) EXPECT_EQ(recorder->closed, 0);
  }
}

// An exception from a handler, usually out of memory, ends only its connection.
void expect_to_live(ServerRig& rig, std::size_t next) {
  TcpClient other = rig.connect();
  EXPECT_TRUE(other.send("fine"));
  const auto recorder = rig.recorder(next);
  EXPECT_TRUE(eventually([&] { return recorder->received() == "fine"; }));
}

TEST(Server, ThrowingHandlerLosesOnlyItsConnection) {
  ServerRig rig;
  rig.behaviour.on_bytes = [](Connection&, std::string_view bytes) {
    if (bytes == "bad") throw std::bad_alloc();
  };
  TcpClient client = rig.connect();
  EXPECT_TRUE(client.send("bad"));
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(rig.admission.gone_count, 1);
  expect_to_live(rig, 1);
}

TEST(Server, HandlerThrowingAtItsDeadlineLosesOnlyItsConnection) {
  ServerRig rig;
  rig.behaviour.on_made = [](Connection& connection) {
    connection.set_deadline(connection.loop().now());
  };
  rig.behaviour.on_deadline = [](Connection&) { throw std::bad_alloc(); };
  TcpClient client = rig.connect();
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(rig.all_gone());
  // The loop's timer still works: the next connection gets its deadline too.
  TcpClient next = rig.connect();
  EXPECT_EQ(next.receive_all(), "");
}

TEST(Server, ConnectionsWithoutAHandlerAreClosedAndNotCounted) {
  ServerRig rig;
  std::atomic<bool> fails{true};
  rig.behaviour.on_made = [&](Connection&) {
    if (fails) throw std::bad_alloc();
  };
  constexpr int kMany = 2 * static_cast<int>(kOpeningMax);
  for (int i = 0; i < kMany; ++i) {
    TcpClient client = rig.connect();
    EXPECT_EQ(client.receive_all(), "");
  }
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(rig.admission.gone_count, kMany);
  fails = false;
  expect_to_live(rig, 0);
}

TEST(Server, FailedAdmissionClosesOnlyThatConnection) {
  ServerRig rig;
  std::atomic<bool> fails{true};
  rig.admission.on_admit = [&](const Address&, std::string&) -> bool {
    if (fails) throw std::bad_alloc();
    return true;
  };
  TcpClient client = rig.connect();
  EXPECT_EQ(client.receive_all(), "");
  fails = false;
  expect_to_live(rig, 0);
}

TEST(Server, NamesAnAddressThatItCannotBind) {
  ServerRig rig;
  LoopPool pool(1, base::system_clock());
  FakeAdmission admission;
  Server second(
      rig.main().loop(), pool, [](Connection&, std::size_t) { return nullptr; }, admission);
  const auto opened = rig.main().call([&] { return second.bind(rig.server().address()); });
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(opened.error().message.find(rig.server().address().to_string()), std::string::npos);
  EXPECT_NE(opened.error().message.find("in use"), std::string::npos);
}

}  // namespace
}  // namespace chat::net
