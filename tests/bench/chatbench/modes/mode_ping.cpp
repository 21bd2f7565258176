#include <deque>

#include "bench/chatbench/bench_user.h"
#include "bench/chatbench/frame_codec.h"
#include "bench/chatbench/send_pacer.h"
#include "mode.h"

namespace chat::bench {
namespace {

// PING and its reply: what a server's reactor, framing and dispatch cost without any database.
class Pinger final : public BenchConnection {
 public:
  Pinger(Shard& shard, std::size_t server)
      : BenchConnection(shard.loop()), shard_(shard), server_(server) {}

  void begin() {
    const Endpoint& to = shard_.server(server_);
    connect(to, shard_.next_source(to));
  }

  void send(Micros intended) {
    append_ping(output(), {shard_.run(), ++number_, intended});
    shard_.count(Count::kSent);
  }

  void keep_sending(bool on) { keeps_sending_ = on; }

 private:
  void on_open() override { shard_.count(Count::kLogins); }

  void on_frame(std::string_view json, Micros now) override {
    const auto stamp = Stamp::read(find_text(json, "\"cid\":\""));
    if (find_number(json, "\"errno\":") != 0 || !stamp) {
      shard_.count(Count::kRefused);
      return shard_.problem(json);
    }
    shard_.count(Count::kReplies);
    shard_.took(Took::kReply, stamp->sent, now);
    if (keeps_sending_) send(now);
  }

  void on_closed(std::string_view why) override {
    if (!opened_once()) return shard_.fail(why);
    shard_.count(Count::kCutOff);
    shard_.problem(why);
  }

  bool opened_once() const { return shard_.total(Count::kLogins) == shard_.part().size(); }

  Shard& shard_;
  std::size_t server_;
  std::uint64_t number_ = 0;
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

  void start(Micros now) override {
    pacer_.start(now);
    if (shard_.options().open_loop()) return;
    for (Pinger& pinger : pingers_) {
      pinger.keep_sending(true);
      for (std::size_t i = 0; i < shard_.options().window; ++i) pinger.send(now);
    }
  }

  Micros turn(Micros now) override {
    while (const auto due = pacer_.next(now)) pingers_[next_++ % pingers_.size()].send(*due);
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
