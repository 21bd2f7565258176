#include <deque>

#include "bench/chatbench/bench_user.h"
#include "bench/chatbench/send_pacer.h"
#include "client/load/frame_codec.h"
#include "mode.h"

namespace chat::bench {
namespace {

// PING and its reply: what a server's reactor, framing and dispatch cost without any database.
class Pinger final : public client::load::LoadConnection {
 public:
  Pinger(Shard& shard, std::size_t server)
      : LoadConnection(shard.poller()), shard_(shard), server_(server) {}

  void begin() {
    const Endpoint& to = shard_.server(server_);
    connect(to, shard_.next_source(to));
  }

  void send_ping(SteadyTime due) {
    client::load::append_ping(output(), due);
    shard_.count(Count::kSent);
  }

  void keep_sending(bool on) { keeps_sending_ = on; }

 private:
  void on_open(SteadyTime /*now*/) override { shard_.count(Count::kLogins); }

  void on_frame(std::string_view json, SteadyTime now) override {
    const auto sent = client::load::read_ping_time(json);
    if (client::load::errno_of(json) != 0 || !sent) {
      shard_.count(Count::kRefused);
      return shard_.problem(json);
    }
    shard_.count(Count::kReplies);
    shard_.took(Took::kReply, *sent, now);
    if (keeps_sending_) send_ping(now);
  }

  void on_closed(End /*end*/, const std::string& why) override {
    if (!opened_once()) return shard_.fail(why);
    shard_.count(Count::kCutOff);
    shard_.problem(why);
  }

  void on_time(SteadyTime /*now*/) override {}

  bool opened_once() const { return shard_.total(Count::kLogins) == shard_.part().size(); }

  Shard& shard_;
  std::size_t server_;
  bool keeps_sending_ = false;
};

class Ping final : public Mode {
 public:
  explicit Ping(Shard& shard) : shard_(shard), pacer_(shard) {}

  bool set_up() override {
    for (std::size_t i = 0; i < shard_.part().size(); ++i) {
      pingers_.emplace_back(shard_, shard_.part().begin + i);
    }
    return let_in(shard_, pingers_.size(), [this](std::size_t i) { pingers_[i].begin(); });
  }

  void start(SteadyTime now) override {
    pacer_.start(now);
    if (shard_.options().open_loop()) return;
    for (Pinger& pinger : pingers_) {
      pinger.keep_sending(true);
      for (std::size_t i = 0; i < shard_.options().window; ++i) pinger.send_ping(now);
    }
  }

  SteadyTime turn(SteadyTime now) override {
    while (const auto due = pacer_.next(now)) pingers_[next_++ % pingers_.size()].send_ping(*due);
    return pacer_.due();
  }

  void stop() override {
    for (Pinger& pinger : pingers_) pinger.keep_sending(false);
  }

 private:
  Shard& shard_;
  SendPacer pacer_;
  std::deque<Pinger> pingers_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Mode> make_ping(Shard& shard) {
  return std::make_unique<Ping>(shard);
}

}  // namespace chat::bench
