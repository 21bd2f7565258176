#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cluster_fixture.h"

// Traffic by well-behaved clients that continues through faults.
namespace chat::test {

// One of two users who chat with each other. Reconnects by token, resends unacknowledged messages
// with the same cid, acknowledges received ones, and drops repeats. Message number n must become
// seq n, so nothing is lost, duplicated or reordered.
class Correspondent {
 public:
  Correspondent(std::uint16_t port, Account account) : port_(port), account_(std::move(account)) {}

  // Runs until `stopping`, and then until both have everything.
  void write_to(const Correspondent& peer, const std::atomic<bool>& stopping) {
    peer_ = peer.account_.id;
    std::unique_ptr<const Deadline> last_moment;
    while (!finished(peer, stopping)) {
      if (stopping && !last_moment) last_moment = std::make_unique<const Deadline>();
      if (last_moment && last_moment->passed()) throw TimedOut(missing(peer));
      try {
        if (!client_) come_back();
        if (!stopping) send_new();
        read();
      } catch (const ConnectionEnded&) {
        client_.reset();
      }
    }
    client_.reset();
  }

  std::int64_t acknowledged() const { return acknowledged_; }
  std::int64_t sent() const { return sent_; }
  int returns() const { return logins_ - 1; }
  milliseconds longest_absence() const { return longest_absence_; }
  const Inbox& inbox() const { return inbox_; }

 private:
  static constexpr std::size_t kWindow = 8;
  static constexpr milliseconds kLook{20};

  bool finished(const Correspondent& peer, const std::atomic<bool>& stopping) {
    if (stopping && client_ && unacknowledged_.empty()) done_sending_ = true;
    return done_sending_ && peer.done_sending_ && inbox_.last({false, peer_}) == peer.sent_;
  }

  std::string missing(const Correspondent& peer) const {
    return account_.name + " has " + std::to_string(inbox_.last({false, peer_})) + " of " +
           std::to_string(peer.sent_) + " messages, and was answered for " +
           std::to_string(acknowledged_) + " of " + std::to_string(sent_);
  }

  void come_back() {
    const auto begin = std::chrono::steady_clock::now();
    const Deadline deadline;
    while (!try_login()) {
      if (deadline.passed()) throw TimedOut(account_.name + " does not get in again");
    }
    const auto absence = std::chrono::steady_clock::now() - begin;
    longest_absence_ =
        std::max(longest_absence_, std::chrono::duration_cast<milliseconds>(absence));
    ++logins_;
    for (const auto& [number, text] : unacknowledged_) send(number, text);
  }

  bool try_login() {
    try {
      auto client = std::make_unique<RawClient>(port_);
      const Json request = token_.empty() ? login_request(account_, acking())
                                          : Json{{"msgid", 1}, {"token", token_}, {"ack", true}};
      const Json welcome = client->request(request);
      if (welcome.contains("retry_after_ms")) return false;
      if (welcome.at("errno") != 0) throw std::runtime_error("login: " + welcome.dump());
      token_ = welcome.at("token");
      client_ = std::move(client);
      for (const Json& message : welcome.at("offlinemsg")) take(message);
      return true;
    } catch (const ConnectionEnded&) {
      client_.reset();
      return false;
    }
  }

  void send_new() {
    while (unacknowledged_.size() < kWindow) {
      const std::int64_t number = ++sent_;
      const std::string text = text_of(number);
      unacknowledged_.emplace(number, text);
      send(number, text);
    }
  }
  void send(std::int64_t number, const std::string& text) {
    client_->send(chat_request(account_, peer_, text, std::to_string(number)));
  }
  static std::string text_of(std::int64_t number) { return "message " + std::to_string(number); }

  void read() {
    if (client_->waiting() == 0) client_->take_in(kLook);
    while (client_->waiting() > 0) handle(client_->receive());
    if (client_->ended()) throw ConnectionEnded("the server has gone");
  }
  void handle(const Json& frame) {
    const int msgid = frame.at("msgid");
    if (msgid == 6) take(frame);
    if (msgid == 106) take_ack(frame);
  }
  void take(const Json& message) {
    EXPECT_EQ(message.at("msg"), text_of(message.at("seq")));
    inbox_.take(message);
    client_->send(delivered_of(message));
  }
  void take_ack(const Json& ack) {
    const std::int64_t number = std::stoll(ack.at("cid").get<std::string>());
    if (ack.contains("retry_after_ms")) return send(number, unacknowledged_.at(number));
    expect_ok(ack, 106);
    EXPECT_EQ(ack.value("seq", std::int64_t{0}), number);
    unacknowledged_.erase(number);
    ++acknowledged_;
  }

  const std::uint16_t port_;
  const Account account_;
  std::int64_t peer_ = 0;
  std::unique_ptr<RawClient> client_;
  std::string token_;
  std::map<std::int64_t, std::string> unacknowledged_;
  Inbox inbox_;
  milliseconds longest_absence_{0};
  int logins_ = 0;
  std::atomic<std::int64_t> sent_ = 0;
  std::atomic<std::int64_t> acknowledged_ = 0;
  std::atomic<bool> done_sending_ = false;
};

// Pairs of correspondents, in the background from begin to stop().
class Traffic {
 public:
  // The accounts are made at `register_at`; the traffic goes through `port`.
  Traffic(std::uint16_t register_at, std::uint16_t port, int pairs) {
    for (int i = 0; i < 2 * pairs; ++i) {
      all_.push_back(std::make_unique<Correspondent>(
          port, register_account(register_at, "correspondent " + std::to_string(i))));
    }
    running_ = std::async(std::launch::async, [this] {
      run_in_parallel(static_cast<int>(all_.size()), [this](int i) {
        const auto self = static_cast<std::size_t>(i);
        all_[self]->write_to(*all_[self ^ 1U], stopping_);
      });
    });
  }
  ~Traffic() { stopping_ = true; }

  // Waits until everyone has advanced by `messages` messages.
  [[nodiscard]] bool flows(std::int64_t messages = 50) {
    return std::ranges::all_of(all_, [messages](const auto& one) {
      const std::int64_t goal = one->acknowledged() + messages;
      return wait_until([&] { return one->acknowledged() >= goal; });
    });
  }
  // Returns when everything has arrived; rethrows an exception of any of them.
  void stop() {
    stopping_ = true;
    running_.get();
    for (std::size_t i = 0; i < all_.size(); ++i) {
      EXPECT_EQ(all_[i]->inbox().count(), all_[i ^ 1U]->sent());
      EXPECT_EQ(all_[i]->acknowledged(), all_[i]->sent());
    }
  }
  // After stop().
  std::int64_t sent() const {
    return sum([](const Correspondent& one) { return one.sent(); });
  }
  std::int64_t repeats() const {
    return sum([](const Correspondent& one) { return one.inbox().repeats(); });
  }
  std::int64_t returns() const {
    return sum([](const Correspondent& one) { return std::int64_t{one.returns()}; });
  }
  milliseconds longest_absence() const {
    milliseconds longest{0};
    for (const auto& one : all_) longest = std::max(longest, one->longest_absence());
    return longest;
  }

 private:
  template <typename Value>
  std::int64_t sum(Value value) const {
    std::int64_t total = 0;
    for (const auto& one : all_) total += value(*one);
    return total;
  }

  std::vector<std::unique_ptr<Correspondent>> all_;
  std::atomic<bool> stopping_ = false;
  std::future<void> running_;
};

}  // namespace chat::test
