#include "bench_user.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/relay_protocol.h"

namespace chat::bench {
namespace {

constexpr std::int64_t kLoginAck = 2;
constexpr std::int64_t kOneChat = 6;
constexpr std::int64_t kGroupChat = 10;
constexpr std::int64_t kFirstReply = 100;  // ERROR, and the replies to all but login and register
constexpr std::int64_t kLogoutAck = 103;
constexpr std::int64_t kOneChatAck = 106;
constexpr std::int64_t kGroupChatAck = 110;
constexpr std::int64_t kPong = 121;
constexpr std::int64_t kLastReply = 199;
constexpr std::int64_t kBye = 204;

constexpr std::int64_t kRateLimited = 30;
constexpr std::int64_t kUnavailable = 32;

constexpr std::size_t kEnteringAtOnce = 256;
constexpr Micros kRetryAfter = kSecond / 2;

}  // namespace

void BenchUser::enter(bool stubborn) {
  stubborn_ = stubborn;
  begun_ = now_micros();
  connect_again();
}

void BenchUser::connect_again() {
  state_ = State::kEntering;
  streams_.clear();
  retry_at_ = kNever;
  const Endpoint& server = shard_.server(server_);
  connect(server, shard_.next_source(server));
}

void BenchUser::retry_at(Micros when) {
  shard_.count(Count::kRetries);
  close();
  retry_at_ = when;
  loop().call_at(when, *this);
}

void BenchUser::on_time(Micros now) {
  if (now >= retry_at_) connect_again();
}

void BenchUser::leave() {
  state_ = State::kLeaving;
  output() += logout(id_);
}

void BenchUser::cut() {
  close();
  state_ = State::kOut;
}

void BenchUser::on_open() {
  if (shard_.options().relay) {
    output() += relay_hello(id_);
  } else if (shard_.options().password.empty()) {
    output() += login_by_token(id_);
  } else {
    output() += login_by_password(id_, shard_.options().password);
  }
}

void BenchUser::on_closed(std::string_view why) {
  if (state_ == State::kEntering && stubborn_) return retry_at(now_micros() + kRetryAfter);
  const bool entering = state_ == State::kEntering;
  state_ = State::kOut;
  const std::string text = fmt::format("user {}: {}", id_, why);
  shard_.count(Count::kCutOff);
  if (entering) return shard_.fail(text);
  shard_.problem(text);
}

void BenchUser::on_frame(std::string_view json, Micros now) {
  if (state_ == State::kEntering) return entering_frame(json, now);
  if (shard_.options().relay && json.size() > kRelayIdBytes) json.remove_prefix(kRelayIdBytes);
  const std::int64_t msgid = msgid_of(json);
  switch (msgid) {
    case kOneChat: return take(read_push(json, false), now);
    case kGroupChat: return take(read_push(json, true), now);
    case kOneChatAck:
    case kGroupChatAck: return chat_ack(json, now);
    case kLogoutAck:
      state_ = State::kOut;
      close();
      return on_left(now);
    case kPong:
      if (const auto stamp = Stamp::read(find_text(json, "\"cid\":\""))) on_pong(*stamp, now);
      return;
    default: break;
  }
  if ((msgid >= kFirstReply && msgid <= kLastReply) || msgid == kBye || msgid < 0) {
    shard_.count(Count::kRefused);
    shard_.problem(fmt::format("user {}: {}", id_, json));
  }
}

void BenchUser::entering_frame(std::string_view json, Micros now) {
  if (shard_.options().relay) return entered(now);
  if (msgid_of(json) != kLoginAck) {
    return shard_.fail(fmt::format("user {}: not the answer to a login: {}", id_, json));
  }
  if (find_number(json, "\"errno\":") != 0) return login_refused(json, now);
  for_each_offline(json, [&](const Push& push) { take(push, now); });
  entered(now);
}

void BenchUser::login_refused(std::string_view json, Micros now) {
  const std::int64_t code = find_number(json, "\"errno\":");
  if (code < kRateLimited || code > kUnavailable) {
    shard_.count(Count::kRefused);
    return shard_.fail(fmt::format("user {} can't log in: {}", id_, json));
  }
  const std::int64_t wait_ms = std::max<std::int64_t>(1, find_number(json, "\"retry_after_ms\":"));
  retry_at(now + wait_ms * 1000);
}

void BenchUser::entered(Micros now) {
  state_ = State::kIn;
  shard_.count(Count::kLogins);
  shard_.took(Took::kLogin, begun_, now);
  on_entered(now);
}

void BenchUser::chat_ack(std::string_view json, Micros now) {
  const auto stamp = Stamp::read(find_text(json, "\"cid\":\""));
  const bool accepted = find_number(json, "\"errno\":") == 0;
  if (!stamp || !accepted) {
    shard_.count(Count::kRefused);
    shard_.problem(fmt::format("user {}: {}", id_, json));
  }
  if (!stamp) return;
  if (accepted) {
    shard_.count(Count::kAcked);
    shard_.took(Took::kAck, stamp->sent, now);
  }
  on_ack(*stamp, accepted, now);
}

void BenchUser::take(const Push& arrived, Micros now) {
  Push push = arrived;
  // A relay numbers each sender's messages, a server those of a group.
  if (shard_.options().relay) push.group = 0;
  const Streams::Verdict verdict = streams_.take(push, shard_.run(), has_own_in(push.group));
  if (verdict.doubled || verdict.reordered || verdict.gap > 0) complain(push, verdict);
  if (!push.stamp || push.stamp->run != shard_.run()) return shard_.count(Count::kStale);
  if (!verdict.fresh) return;
  shard_.count(Count::kDelivered);
  shard_.took(Took::kDelivery, push.stamp->sent, now);
  on_message(push, now);
}

void BenchUser::complain(const Push& push, const Streams::Verdict& verdict) {
  if (verdict.doubled) shard_.count(Count::kDoubled);
  if (verdict.reordered) shard_.count(Count::kReordered);
  shard_.count(Count::kGaps, verdict.gap);
  shard_.problem(fmt::format("user {} got {} {}, seq {} after {}, message {}", id_,
                             push.group != 0 ? "of group" : "from user",
                             push.group != 0 ? push.group : push.sender, push.seq, verdict.before,
                             push.stamp ? push.stamp->number : 0));
}

void BenchUser::on_read() {
  if (shard_.options().relay) return;
  streams_.acknowledge([this](const Streams::Stream& stream) {
    append_delivered(output(), stream.group, stream.peer, stream.seq);
  });
}

bool let_in(Shard& shard, std::size_t number, const std::function<void(std::size_t)>& begin) {
  const Micros deadline = now_micros() + static_cast<Micros>(shard.options().set_up * kSecond);
  const std::uint64_t before = shard.total(Count::kLogins);
  std::size_t begun = 0;
  std::size_t in = 0;
  while (in < number) {
    while (begun < number && begun - in < kEnteringAtOnce) begin(begun++);
    shard.loop().run_once(now_micros() + kSecond);
    in = static_cast<std::size_t>(shard.total(Count::kLogins) - before);
    if (now_micros() > deadline) {
      shard.fail(fmt::format("only {} of {} connections were made within {} s", in, number,
                             shard.options().set_up));
    }
    if (shard.failed()) return false;
  }
  return true;
}

bool let_in(Shard& shard, const std::vector<BenchUser*>& users) {
  return let_in(shard, users.size(), [&](std::size_t i) { users[i]->enter(); });
}

}  // namespace chat::bench
