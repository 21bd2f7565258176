// A login in the middle of a flood: the reply first, then everything, without a hole or repeat.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "integration/server_fixture.h"

namespace chat::test {
namespace {

constexpr int kFloodSenders = 5;
constexpr int kLogins = 20;
constexpr int kFloodWindow = 16;

// Senders that keep `kFloodWindow` chats to one user in flight, until stopped.
class ChatFlood {
 public:
  ChatFlood(std::uint16_t port, std::int64_t to) {
    for (int i = 0; i < kFloodSenders; ++i) {
      accounts_.push_back(register_account(port, "sender " + std::to_string(i)));
    }
    for (int i = 0; i < kFloodSenders; ++i) {
      threads_.emplace_back([this, port, to, i] { run(port, to, i); });
    }
  }
  ~ChatFlood() { stop(); }

  void stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  // Messages acknowledged so far.
  int acknowledged() const { return acknowledged_; }
  bool failed() const { return failed_; }
  // After stop(): how many messages each sender's stream has.
  const std::map<std::int64_t, std::int64_t>& heads() const { return heads_; }

 private:
  void run(std::uint16_t port, std::int64_t to, int index) {
    try {
      User sender = log_in(port, accounts_[static_cast<std::size_t>(index)]);
      std::int64_t sent = 0;
      std::int64_t answered = 0;
      while (!stopping_ || answered < sent) {
        for (; !stopping_ && sent - answered < kFloodWindow; ++sent) {
          sender.client.send(chat_request(sender.account, to, "flood " + std::to_string(sent)));
        }
        if (answered == sent) continue;
        const Json ack = sender.client.receive();
        if (ack.value("errno", -1) != 0) throw std::runtime_error(ack.dump());
        ++answered;
        ++acknowledged_;
      }
      const std::lock_guard lock(mutex_);
      heads_[sender.id()] = sent;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "sender: " << error.what();
      failed_ = true;
    }
  }

  std::vector<Account> accounts_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<int> acknowledged_ = 0;
  std::mutex mutex_;
  std::map<std::int64_t, std::int64_t> heads_;
};

// The messages of each stream, checked on arrival.
class Received {
 public:
  void take(const Json& message) {
    auto& last = last_[message.at("id").get<std::int64_t>()];
    ASSERT_EQ(message.at("seq"), last + 1) << "hole or repeat: " << message;
    ++last;
  }
  const std::map<std::int64_t, std::int64_t>& last() const { return last_; }

 private:
  std::map<std::int64_t, std::int64_t> last_;
};

class LoginOrder : public InBothFramings {
 protected:
  // The first frame after the login request is its reply; then come `count` pushes.
  void log_in_and_read(RawClient& client, const Json& request, Received& received, int count) {
    client.send(request);
    const Json welcome = client.receive();
    ASSERT_EQ(welcome.at("msgid"), 2) << "pushed before the login's reply: " << welcome;
    ASSERT_EQ(welcome.at("errno"), 0) << welcome;
    for (const Json& message : welcome.at("offlinemsg")) received.take(message);
    for (int i = 0; i < count; ++i) received.take(client.push(6));
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(LoginOrder);

TEST_P(LoginOrder, PlainClientMissesNothingFromLoginToLogout) {
  const Account bob = register_account("bob");
  ChatFlood flood(port(), bob.id);
  Received received;
  for (int login = 0; login < kLogins && !HasFatalFailure(); ++login) {
    const int before = flood.acknowledged();
    ASSERT_TRUE(wait_until([&] { return flood.acknowledged() > before + 50 || flood.failed(); }));
    RawClient client = connect();
    log_in_and_read(client, login_request(bob), received, 30);
    request_ok(client, logout_request(bob));
    while (client.waiting() > 0) received.take(client.push(6));
  }
  flood.stop();
  RawClient client = connect();
  log_in_and_read(client, login_request(bob), received, 0);
  while (received.last() != flood.heads()) ASSERT_NO_FATAL_FAILURE(received.take(client.push(6)));
  client.expect_no_push_for(milliseconds{100});
}

TEST_P(LoginOrder, AcknowledgingClientContinuesAfterItsLastAcknowledgement) {
  const Account bob = register_account("bob");
  ChatFlood flood(port(), bob.id);
  Received received;
  for (int login = 0; login < kLogins && !HasFatalFailure(); ++login) {
    const int before = flood.acknowledged();
    ASSERT_TRUE(wait_until([&] { return flood.acknowledged() > before + 50 || flood.failed(); }));
    RawClient client = connect();
    log_in_and_read(client, login_request(bob, {{"ack", true}}), received, 30);
    for (const auto& [sender, seq] : received.last()) {
      client.send(delivered_request(sender, seq));
    }
    request_ok(client,
               logout_request(bob));  // messages that arrive meanwhile are dropped, and repeated
  }
  flood.stop();
  RawClient client = connect();
  log_in_and_read(client, login_request(bob), received, 0);
  while (received.last() != flood.heads()) ASSERT_NO_FATAL_FAILURE(received.take(client.push(6)));
  client.expect_no_push_for(milliseconds{100});
}

}  // namespace
}  // namespace chat::test
