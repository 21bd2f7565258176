#include "bench_user.h"

#include <fmt/format.h>

#include <utility>

#include "bench/relay_protocol.h"
#include "chat/protocol/msgid.h"
#include "chat_writer.h"

namespace chat::bench {
namespace {

using client::load::Account;
using client::load::find_number;
using protocol::Msgid;

constexpr std::chrono::milliseconds kRetryAfter{500};

// ERROR, and the replies to all but login and register.
constexpr std::int64_t kFirstReply = static_cast<int>(Msgid::kError);
constexpr std::int64_t kLastReply = 199;

constexpr std::int64_t number_of(Msgid msgid) {
  return static_cast<std::int64_t>(msgid);
}

// The seeded users' tokens are their numbers.
Account account_of(const BenchOptions& options, std::uint32_t id) {
  const UserId user{static_cast<std::int32_t>(id)};
  if (!options.password.empty()) return Account::with_password(user, options.password);
  return Account::with_token(user, fmt::format("{:064x}", id));
}

}  // namespace

BenchUser::BenchUser(Shard& shard, std::uint32_t id, std::size_t server)
    : LoadClient(shard.poller(), account_of(shard.options(), id)), shard_(shard), server_(server) {}

void BenchUser::be(std::uint32_t id) {
  become(account_of(shard_.options(), id));
}

void BenchUser::come(bool stubborn) {
  stubborn_ = stubborn;
  begun_ = time_now();
  connect_again();
}

void BenchUser::connect_again() {
  retry_at_ = kNever;
  const Endpoint& server = shard_.server(server_);
  enter(server, shard_.next_source(server));
}

void BenchUser::retry_at(SteadyTime when) {
  shard_.count(Count::kRetries);
  drop();
  retry_at_ = when;
  poller().arm(*this, when);
}

void BenchUser::on_time(SteadyTime now) {
  if (now >= retry_at_) connect_again();
}

void BenchUser::on_entering(SteadyTime now) {
  if (!shard_.options().relay) return ask_to_log_in(now);
  output() += relay_hello(static_cast<std::uint32_t>(id().value));
}

void BenchUser::on_entered(const client::event::LoggedIn& login, SteadyTime now) {
  for (const auto& message : login.offline) {
    take({message.from, message.group, message.seq, client::load::MessageId::read(message.cid)},
         now);
  }
  entered(now);
}

void BenchUser::entered(SteadyTime now) {
  shard_.count(Count::kLogins);
  shard_.took(Took::kLogin, begun_, now);
  on_in(now);
}

void BenchUser::on_login_refused(const Account::Outcome& outcome, SteadyTime now) {
  if (outcome.kind == Account::Outcome::Kind::kWait) return retry_at(now + outcome.wait);
  shard_.count(Count::kRefused);
  shard_.fail(fmt::format("user {}: {}", id().value, outcome.reason));
}

void BenchUser::on_closed(End /*end*/, const std::string& why) {
  const bool entering = state() == State::kConnecting || state() == State::kEntering;
  if (entering && stubborn_) return retry_at(time_now() + kRetryAfter);
  drop();
  const std::string text = fmt::format("user {}: {}", id().value, why);
  shard_.count(Count::kCutOff);
  if (entering) return shard_.fail(text);
  shard_.problem(text);
}

bool BenchUser::on_raw_frame(std::string_view json, SteadyTime now) {
  const bool relay = shard_.options().relay;
  if (state() != State::kIn) {
    if (!relay) return false;
    set_state(State::kIn);
    entered(now);
    return true;
  }
  if (relay && json.size() > kRelayIdBytes) json.remove_prefix(kRelayIdBytes);
  const std::int64_t msgid = client::load::msgid_of(json);
  switch (msgid) {
    case number_of(Msgid::kOneChat): take(client::load::read_push(json, false), now); break;
    case number_of(Msgid::kGroupChat): take(client::load::read_push(json, true), now); break;
    case number_of(reply_to(Msgid::kOneChat)):
    case number_of(reply_to(Msgid::kGroupChat)): take_answer(json, now); break;
    case number_of(reply_to(Msgid::kPing)):
      if (const auto sent = client::load::read_ping_time(json)) on_pong(*sent, now);
      break;
    default:
      if ((msgid >= kFirstReply && msgid <= kLastReply) || msgid == number_of(Msgid::kBye) ||
          msgid < 0) {
        refused(json);
      }
  }
  return true;
}

// While logging in or out; messages pushed in between are delivered at the next login.
void BenchUser::on_message(const client::ServerMessage& message, SteadyTime /*now*/) {
  if (state() == State::kEntering) {
    shard_.fail(fmt::format("user {}: not the answer to a login: {}", id().value, message.raw));
  }
}

void BenchUser::take_answer(std::string_view json, SteadyTime now) {
  const bool accepted = client::load::errno_of(json) == 0;
  const auto message = client::load::read_message_id(json);
  Book* const book = message ? shard_.books().find(message->stream) : nullptr;
  if (book == nullptr || !accepted) refused(json);
  if (book == nullptr) return;
  if (!accepted) {
    book->ledger.failed(message->number);
    return on_chat_answer(nullptr, now);
  }
  const auto step = book->ledger.acked(message->number, find_number(json, "\"seq\":"));
  if (!step.fresh) return;
  shard_.count(Count::kAcked);
  shard_.count(Count::kExpected, book->ledger.recipients());
  shard_.took(Took::kAck, step.due, now);
  on_chat_answer(&step, now);
}

void BenchUser::take(const Push& push, SteadyTime now) {
  if (!shard_.options().relay) arrived(push.stream(), push.seq);
  Book* const book =
      push.id && push.id->run == shard_.run() ? shard_.books().find(push.id->stream) : nullptr;
  if (book == nullptr) return shard_.count(Count::kStale);
  const auto step = book->delivered(id(), push);
  if (!step.fresh) {
    return shard_.problem(fmt::format(
        "user {} got message {} of {} {} again or in the wrong stream", id().value, push.id->number,
        push.group ? "group" : "user", push.group ? push.group.value : push.sender.value));
  }
  shard_.count(Count::kDelivered);
  shard_.took(Took::kDelivery, step.due, now);
  on_chat(push, step, now);
}

void BenchUser::refused(std::string_view what) {
  shard_.count(Count::kRefused);
  shard_.problem(fmt::format("user {}: {}", id().value, what));
}

bool let_in(Shard& shard, std::size_t number, const std::function<void(std::size_t)>& begin) {
  const SteadyTime deadline = time_now() + to_duration(shard.options().set_up);
  const std::uint64_t before = shard.total(Count::kLogins);
  std::size_t begun = 0;
  std::size_t in = 0;
  while (in < number) {
    while (begun < number && begun - in < kEnteringAtOnce) begin(begun++);
    shard.poller().run_once(time_now() + std::chrono::seconds(1));
    in = static_cast<std::size_t>(shard.total(Count::kLogins) - before);
    if (time_now() > deadline) {
      shard.fail(fmt::format("only {} of {} connections were made within {} s", in, number,
                             shard.options().set_up));
    }
    if (shard.failed()) return false;
  }
  return true;
}

}  // namespace chat::bench
