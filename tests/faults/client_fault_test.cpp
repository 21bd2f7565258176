// Clients die at bad moments, don't read, connect all at once, or are hostile.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>

#include "fault_fixture.h"
#include "support/clients/flood.h"
#include "support/processes/terminal_program.h"
#include "support/proxies/fault_proxy.h"

namespace chat::test {
namespace {

class ClientFault : public Faults {
 protected:
  // The terminal client, logged in.
  static std::unique_ptr<TerminalProgram> terminal(std::uint16_t port, const Account& account) {
    auto program = std::make_unique<TerminalProgram>(
        std::vector<std::string>{std::getenv("CHATCLIENT"), "--host", "127.0.0.1", "--port",
                                 std::to_string(port), "--no-color", "--marks", "lines"});
    EXPECT_TRUE(program->wait_for("Connected to 127.0.0.1"));
    program->type_line("/login " + account.name);
    EXPECT_TRUE(program->wait_for("Password: "));
    program->type_line(account.password);
    EXPECT_TRUE(program->wait_for("Logged in as " + account.name));
    return program;
  }
  // About 200 attempts per second for unknown accounts, each as expensive as for a known one.
  static void try_passwords(std::uint16_t port, const std::atomic<bool>& stop) {
    constexpr milliseconds kPace{5};
    RawClient client(port);
    for (std::int64_t id = 1'000'000; !stop; ++id) {
      client.send({{"msgid", 1}, {"id", id}, {"password", "not the right one"}});
      client.take_in(kPace);
      while (client.waiting() > 0) EXPECT_NE(client.receive().at("errno"), 0);
    }
  }
};

// The terminal client acknowledges shown messages at once, so its acknowledgements are delayed in
// the proxy before it is killed.
TEST_F(ClientFault, ClientKilledBetweenReceivingAndAcknowledging) {
  constexpr int kMessages = 50;
  start();
  start_traffic();
  const Account bob = register_account(cluster->port(0), "bob");
  FaultProxy network(cluster->port(0));
  User alice = new_user(cluster->port(1), "alice");
  std::int64_t seq = 0;
  for (int kill = 0; kill < 3; ++kill) {
    auto client = terminal(network.port(), bob);
    network.blackhole(FaultProxy::Way::kToServer, true);
    for (int i = 0; i < kMessages; ++i) {
      const std::string number = std::to_string(++seq);
      EXPECT_EQ(alice.chat(bob.id, "text " + number + ".", "c" + number).at("seq"), seq);
    }
    ASSERT_TRUE(client->wait_for("text " + std::to_string(seq) + "."));
    client.reset();  // SIGKILL
    network.reset_all();
    network.blackhole(FaultProxy::Way::kToServer, false);

    User again = log_in_soon(cluster->port(1), bob, {{"ack", true}});
    const auto messages = collect_messages(again, kMessages);
    expect_consecutive(messages, seq - kMessages + 1);
    again.client.send(delivered_request(alice.id(), seq));
    again.log_out();
  }
  ASSERT_TRUE(traffic->flows(50));
  expect_promises();
}

// Sends 50 MB to an absent user and then to one who does not read: the difference is the cost to
// others. The cost to the server is measured for several slow readers, after one that reads, so
// that free heap does not hide it.
TEST_F(ClientFault, SlowReaderCostsOthersLittle) {
  constexpr int kTurns = 4;
  constexpr auto kFlood = static_cast<int>(50 * 1024 * 1024 / kTextBytes) / kTurns * kTurns;
  constexpr int kEnough = 200;  // to fill every buffer on the way
  constexpr int kWindow = 32;
  constexpr int kMoreReaders = 7;
  constexpr std::int64_t kPromiseKib = 1536;
  start();
  ServerProcess& server = cluster->node(0);
  User alice = new_user(server.port(), "alice");
  const Account absent = register_account(server.port(), "absent");
  User reader = new_user(server.port(), "reader");
  std::thread reading([&] { collect_messages(reader, kEnough); });
  flood(alice, reader.id(), 0, kEnough, kWindow);
  reading.join();

  const auto p99_during = [&](std::int64_t to, int first) {
    OtherPair others(server.port(), "pair " + std::to_string(to) + " " + std::to_string(first));
    flood(alice, to, first, kFlood / kTurns, kWindow);
    others.stop();
    EXPECT_GT(others.chats(), 20U);
    return others.p99();
  };

  std::vector<User> bobs;
  for (int i = 0; i <= kMoreReaders; ++i) {
    const Account account = register_account(server.port(), "bob " + std::to_string(i));
    bobs.push_back(log_in_with_small_buffer(server.port(), account));
  }
  const std::int64_t memory_kib = server.memory_kib();
  for (int i = 1; i <= kMoreReaders; ++i) {
    flood(alice, bobs[static_cast<std::size_t>(i)].id(), 0, kEnough, kWindow);
  }
  User& bob = bobs.front();
  // Alternates and takes the better of each, to reduce the effect of other load.
  milliseconds absent_p99 = milliseconds::max();
  milliseconds not_reading_p99 = milliseconds::max();
  for (int turn = 0; turn < kTurns; ++turn) {
    const int first = turn * kFlood / kTurns;
    absent_p99 = std::min(absent_p99, p99_during(absent.id, first));
    not_reading_p99 = std::min(not_reading_p99, p99_during(bob.id(), first));
  }
  std::int64_t more_kib = server.memory_kib() - memory_kib;
  for (const User& user : bobs) {
    const std::int64_t kernel = unsent_in_kernel(server.port(), user.client.local_port());
    EXPECT_GE(kernel, 0) << "the connection is gone";
    more_kib += kernel / 1024;
  }
  const std::int64_t each_kib = more_kib / static_cast<std::int64_t>(bobs.size());
  figure("memory and send buffer of each", each_kib, "KiB");
  figure("p99 of others while absent", absent_p99);
  figure("p99 of others while not reading", not_reading_p99);
  if (!sanitized()) {
    EXPECT_LE(each_kib, kPromiseKib);
  }
  EXPECT_LE(not_reading_p99, absent_p99 + scaled(milliseconds{20}));
  for (int i = 0; i < kFlood; ++i) {
    const Json push = bob.client.push(6);
    ASSERT_EQ(push.at("seq"), i + 1);
    ASSERT_EQ(push.at("msg"), long_text(i));
  }
  expect_promises();
}

// All users of a dead server log in to the other one by token, while an attacker guesses passwords
// there at the real cost of a hash.
TEST_F(ClientFault, TwoThousandReconnectDuringAPasswordGuessingAttack) {
  constexpr int kPeople = 2000;
  constexpr int kThreads = 8;
  constexpr milliseconds kAllIn{30'000};
  start(1);
  const std::uint16_t storm_port =
      cluster->add_node({"auth.argon2_memory_kib=19456", "auth.argon2_ops=2"}).port();
  std::vector<std::optional<User>> people(kPeople);
  const auto each_of = [&](int thread, const std::function<void(std::optional<User>&, int)>& body) {
    for (int i = thread; i < kPeople; i += kThreads) body(people[static_cast<std::size_t>(i)], i);
  };
  run_in_parallel(kThreads, [&](int thread) {
    each_of(thread, [&](std::optional<User>& user, int i) {
      user = new_user(cluster->port(0), "user " + std::to_string(i));
    });
  });
  cluster->node(0).kill9();
  OtherPair others(storm_port);
  std::atomic<bool> stop = false;
  std::thread storm([&] { try_passwords(storm_port, stop); });
  const auto began = Clock::now();
  run_in_parallel(kThreads, [&](int thread) {
    each_of(thread, [&](std::optional<User>& user, int) {
      user->client = RawClient(storm_port);
      user->client.send({{"msgid", 1}, {"token", user->welcome.at("token")}});
    });
    each_of(thread, [&](std::optional<User>& user, int) {
      const Json login = {{"msgid", 1}, {"token", user->welcome.at("token")}};
      Json reply = user->client.reply(login);
      if (reply.contains("retry_after_ms")) reply = request_patiently(user->client, login);
      EXPECT_EQ(reply.at("errno"), 0) << reply;
    });
  });
  const auto took = since(began);
  stop = true;
  storm.join();
  others.stop();
  figure("all in after", took);
  figure("p99 of others", others.p99());
  EXPECT_LT(took, scaled(kAllIn));
  EXPECT_LT(others.p99(), scaled(milliseconds{1'000}));
  cluster->node(0).start();
  expect_promises();
}

TEST_F(ClientFault, ThousandConnectionsWithHalfFramesAreClosed) {
  constexpr int kSlow = 1000;
  start();
  start_traffic();
  std::vector<RawClient> slow;
  for (int i = 0; i < kSlow; ++i) {
    slow.emplace_back(cluster->port(0));
    slow.back().send_raw(i % 2 == 0 ? std::string_view("{\"msgid\":2")
                                    : std::string_view("\0\0\1\0{\"msg", 9));
  }
  const auto began = Clock::now();
  ASSERT_TRUE(traffic->flows(200));
  // Sending an occasional byte does not help them.
  while (Clock::now() - began < milliseconds{5'000}) {
    expect_alive(witnesses[0].client);
    for (int i = 0; i < kSlow; i += 50) slow[static_cast<std::size_t>(i)].send_raw(" ");
    witnesses[0].client.take_in(milliseconds{500});
  }
  for (RawClient& client : slow) client.receive_to_end();
  EXPECT_LT(Clock::now() - began, scaled(milliseconds{15'000}));
  ASSERT_TRUE(traffic->flows(100));
  const Json report = expect_promises();
  EXPECT_EQ(report.at("disconnections"), 0);
  EXPECT_LT(report.at("ack_ms").at("p99"), 1'000);
}

}  // namespace
}  // namespace chat::test
