// Somebody guesses passwords from many addresses, 500 times a second, of accounts that there are
// and of others. Who chats meanwhile, and who comes back with a token, must not notice.
// $CHAT_FLOOD_SECONDS says how long it lasts.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "balancer_fixture.h"
#include "support/eventually.h"
#include "support/figure.h"

namespace chat::test {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr int kGuessesPerSecond = 500;
constexpr microseconds kBetweenGuesses{1'000'000 / kGuessesPerSecond};
constexpr int kAddresses = 250;
constexpr milliseconds kBetweenChats{50};
constexpr int kChatsPerLogin = 4;
constexpr milliseconds kP99Max{100};
constexpr milliseconds kP99MaxAmongOthers{1000};

// Guesses until stop(), each address on a connection of its own, and reads what it is told.
// Threading: one thread of its own; the counts after stop().
class Guesser {
 public:
  Guesser(std::uint16_t proxy_port, std::vector<std::int64_t> victims)
      : port_(proxy_port), victims_(std::move(victims)), thread_([this] { run(); }) {}
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
        clients_[static_cast<std::size_t>(i % kAddresses)].reset();  // thrown out: comes again
      }
    }
  }

  void guess(int i) {
    const int number = i % kAddresses;
    auto& client = clients_[static_cast<std::size_t>(number)];
    if (!client) {
      client = std::make_unique<RawClient>(port_);
      client->send_raw(text_header("203.0.113." + std::to_string(number + 1)));
    }
    const bool known = i % 2 == 0;
    const std::int64_t id =
        known ? victims_[static_cast<std::size_t>(i / 2) % victims_.size()] : 2'000'000'000 + i;
    client->send({{"msgid", 1}, {"id", id}, {"password", "guess " + std::to_string(i)}});
    while (client->take_in(milliseconds(0))) client->receive();
  }

  const std::uint16_t port_;
  const std::vector<std::int64_t> victims_;
  std::vector<std::unique_ptr<RawClient>> clients_{kAddresses};
  std::atomic<int> guesses_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

microseconds p99(std::vector<microseconds> latencies) {
  std::sort(latencies.begin(), latencies.end());
  return latencies.at((latencies.size() - 1) * 99 / 100);
}

class LoginFlood : public BehindABalancer {
 protected:
  static std::chrono::seconds time() {
    const char* text = std::getenv("CHAT_FLOOD_SECONDS");
    return std::chrono::seconds(text == nullptr ? 5 : std::max(1, std::atoi(text)));
  }
  // As with the other floods, the promise is judged on a machine that does nothing else.
  static milliseconds p99_max() {
    if (sanitized()) return std::chrono::hours(1);
    return std::getenv("CHAT_FLOOD_SECONDS") == nullptr ? kP99MaxAmongOthers : kP99Max;
  }
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

TEST_F(LoginFlood, LeavesTokensAndChatAlone) {
  Guesser guesser(server.proxy_port(), {alice.id(), bob.id(), carol.id()});
  const auto begin = steady_clock::now();
  for (int i = 1; steady_clock::now() < begin + time(); ++i) {
    const auto due = begin + i * kBetweenChats;
    bob.client.expect_no_push_for(std::chrono::floor<milliseconds>(due - steady_clock::now()));
    chat();
    if (i % kChatsPerLogin == 0) come_back();
  }
  const auto seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  guesser.stop();
  figure("login_flood_guesses_per_second", static_cast<std::int64_t>(guesser.guesses() / seconds));
  figure("login_flood_chat_p99", p99(chats).count(), "us");
  figure("login_flood_token_p99", p99(logins).count(), "us");
  EXPECT_LE(p99(chats), p99_max());
  EXPECT_LE(p99(logins), p99_max());
  EXPECT_TRUE(sanitized() || guesser.guesses() > kGuessesPerSecond * 0.9 * seconds)
      << "that was no flood";
}

// Strangers' guesses lock nobody out who comes from where they came from before.
TEST_F(LoginFlood, LocksNobodyOut) {
  Guesser guesser(server.proxy_port(), {carol.id()});
  ASSERT_TRUE(eventually([&] { return guesser.guesses() > 2 * kGuessesPerSecond; }));
  carol.client.close();
  RawClient client(server.port());
  expect_ok(request_patiently(client, login_request(carol.account)), 2);
  guesser.stop();
}

}  // namespace
}  // namespace chat::test
