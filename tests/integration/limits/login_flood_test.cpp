// An attacker guesses passwords from many addresses, 500 times a second, of existing and other
// accounts. Users who chat, or log in with a token, must not be affected. $CHAT_FLOOD_SECONDS is
// its duration.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "flood_fixture.h"
#include "integration/network/balancer_fixture.h"
#include "support/eventually.h"

namespace chat::test {
namespace {

constexpr int kGuessesPerSecond = 500;
constexpr microseconds kBetweenGuesses{1'000'000 / kGuessesPerSecond};
constexpr int kConnections = 250;
constexpr milliseconds kBetweenChats{50};
constexpr int kChatsPerLogin = 4;

// The source of the guesses: few addresses, so that the limit per address refuses most of them, or
// a new address each, so that guesses for untried accounts are hashed, or refused because the queue
// is full.
enum class From { kFewAddresses, kManyAddresses };

// Guesses until stop(), on many connections, and reads what it is told.
// Threading: one thread of its own; the counts after stop().
class Guesser {
 public:
  Guesser(std::uint16_t proxy_port, From from, std::vector<std::int64_t> victims)
      : port_(proxy_port), from_(from), victims_(std::move(victims)), thread_([this] { run(); }) {}
  ~Guesser() { stop(); }

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int guesses() const { return guesses_; }

 private:
  void run() {
    auto due = steady_clock::now();
    for (int i = 0; !stopping_; ++i) {
      due += kBetweenGuesses;
      while (!stopping_ && steady_clock::now() < due) ::poll(nullptr, 0, 1);
      try {
        guess(i);
        ++guesses_;
      } catch (const std::exception&) {
        clients_[static_cast<std::size_t>(i % kConnections)].reset();  // disconnected: reconnects
      }
    }
  }

  void guess(int i) {
    const int number = i % kConnections;
    auto& client = clients_[static_cast<std::size_t>(number)];
    if (!client || from_ == From::kManyAddresses) {
      client = std::make_unique<RawClient>(port_);
      const int network = from_ == From::kManyAddresses ? i / kConnections % 250 : 0;
      client->send_raw(
          text_header("198.18." + std::to_string(network) + "." + std::to_string(number + 1)));
    }
    const bool known = i % 2 == 0;
    const std::int64_t id =
        known ? victims_[static_cast<std::size_t>(i / 2) % victims_.size()] : 2'000'000'000 + i;
    client->send({{"msgid", 1}, {"id", id}, {"password", "guess " + std::to_string(i)}});
    while (client->take_in(milliseconds(0))) client->receive();
  }

  const std::uint16_t port_;
  const From from_;
  const std::vector<std::int64_t> victims_;
  std::vector<std::unique_ptr<RawClient>> clients_{kConnections};
  std::atomic<int> guesses_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

microseconds p99(std::vector<microseconds> latencies) {
  std::sort(latencies.begin(), latencies.end());
  return quantile(latencies, 0.99);
}

class LoginFlood : public BehindABalancer, public ::testing::WithParamInterface<From> {
 protected:
  LoginFlood()
      : BehindABalancer(
            as_packaged({"limits.login_failures_per_minute=10", "limits.chat_per_second=40"})) {}

  static microseconds since(steady_clock::time_point begin) {
    return std::chrono::ceil<microseconds>(steady_clock::now() - begin);
  }

  void chat() {
    const auto begin = steady_clock::now();
    alice.client.send(chat_request(alice.account, bob.id(), "hello"));
    bob.client.push(6);
    chats.push_back(since(begin));
    expect_ok(alice.client.reply({{"msgid", 6}}), 106);
  }

  void come_back() {
    const auto begin = steady_clock::now();
    RawClient client(server.port());
    expect_ok(client.request({{"msgid", 1}, {"token", carol.welcome.at("token")}}), 2);
    logins.push_back(since(begin));
  }

  User alice = new_user("alice");
  User bob = new_user("bob");
  User carol = new_user("carol");
  std::vector<microseconds> chats;
  std::vector<microseconds> logins;
};

std::string from_name(const ::testing::TestParamInfo<From>& info) {
  return info.param == From::kFewAddresses ? "few_addresses" : "many_addresses";
}
INSTANTIATE_TEST_SUITE_P(From, LoginFlood,
                         ::testing::Values(From::kFewAddresses, From::kManyAddresses), from_name);

TEST_P(LoginFlood, DoesNotDelayTokensAndChat) {
  Guesser guesser(server.proxy_port(), GetParam(), {alice.id(), bob.id(), carol.id()});
  const auto begin = steady_clock::now();
  for (int i = 1; steady_clock::now() < begin + flood_time(std::chrono::seconds(5)); ++i) {
    const auto due = begin + i * kBetweenChats;
    bob.client.expect_no_push_for(std::chrono::floor<milliseconds>(due - steady_clock::now()));
    chat();
    if (i % kChatsPerLogin == 0) come_back();
  }
  const auto elapsed = std::chrono::duration<double>(steady_clock::now() - begin).count();
  guesser.stop();
  const std::string name = "login_flood_" + from_name({GetParam(), 0});
  figure(name + "_guesses_per_second", static_cast<std::int64_t>(guesser.guesses() / elapsed));
  figure(name + "_chat_p99", p99(chats).count(), "us");
  figure(name + "_token_p99", p99(logins).count(), "us");
  EXPECT_LE(p99(chats), p99_max(milliseconds(100), milliseconds(1000)));
  EXPECT_LE(p99(logins), p99_max(milliseconds(100), milliseconds(1000)));
  EXPECT_TRUE(sanitized() || guesser.guesses() > kGuessesPerSecond * 0.9 * elapsed)
      << "that was no flood";
}

// Guesses from elsewhere lock out nobody at a known address.
TEST_P(LoginFlood, LocksNobodyOut) {
  Guesser guesser(server.proxy_port(), GetParam(), {carol.id()});
  ASSERT_TRUE(eventually([&] { return guesser.guesses() > 2 * kGuessesPerSecond; }));
  carol.client.close();
  RawClient client(server.port());
  expect_ok(request_patiently(client, login_request(carol.account)), 2);
  guesser.stop();
}

}  // namespace
}  // namespace chat::test
