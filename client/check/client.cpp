#include "client/check/client.h"

#include <algorithm>
#include <utility>

#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/login_messages.h"
#include "client/core/wire/request_json.h"

namespace chat::client::check {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kFirstReplyTimeout{5};
constexpr std::chrono::seconds kReplyTimeout{10};
constexpr std::chrono::seconds kPingAfter{10};
// Full jitter: random(0, min(cap, first · 2ⁿ)).
constexpr std::int64_t kFirstPauseMs = 250;
constexpr std::int64_t kMostPauseMs = 2000;

}  // namespace

Client::Client(Surroundings& around, Party& party, std::size_t member, load::Account account,
               std::size_t first_server)
    : LoadClient(around.poller, std::move(account)),
      around_(around),
      party_(party),
      member_(member),
      plan_(party.ledger(member), party.sender_number(member), around.run.options.window,
            around.run.options.resend),
      server_(first_server) {
  party_.set_handler(member, *this);
}

void Client::begin(const Schedule& schedule) {
  loading_ = true;
  plan_.begin(schedule);
  on_progress(base::system_clock().now());
}

void Client::leave() {
  loading_ = false;
  if (state() != State::kIn) {
    gone_ = true;
    return drop();
  }
  log_out(base::system_clock().now());
  poller().arm(*this, next_time());
}

void Client::on_left(base::SteadyTime /*now*/) {
  gone_ = true;
}

void Client::on_state(State before) {
  if (before == State::kIn) --around_.run.progress.online;
  if (state() == State::kIn) ++around_.run.progress.online;
}

void Client::come() {
  const auto& servers = around_.run.servers;
  connected_at_ = base::system_clock().now();
  enter(servers[server_ % servers.size()]);
  poller().arm(*this, next_time());
}

void Client::lose(const std::string& reason, milliseconds at_least) {
  const auto now = base::system_clock().now();
  gone_ = gone_ || state() == State::kLeaving;
  if (state() == State::kIn || state() == State::kEntering) {
    ++around_.run.progress.disconnections;
  }
  drop();
  if (gone_) return;
  plan_.connection_lost();
  if (loading_) out(reason, now);
  ++server_;
  const std::int64_t most = std::min(kMostPauseMs, kFirstPauseMs << std::min(tries_++, 10));
  pause_until_ = now + std::max(at_least, milliseconds(around_.random_up_to(most)));
  poller().arm(*this, next_time());
}

void Client::on_time(base::SteadyTime now) {
  if (gone_) return;
  if (state() == State::kOut && now >= pause_until_) return come();
  if (timed_out(now)) return lose("no answer in time");
  on_progress(now);
}

// Sends everything that can be sent now, and arms the next timer.
void Client::on_progress(base::SteadyTime now) {
  if (open()) {
    ask_next(now);
    if (state() == State::kIn) send_chats(now);
  }
  if (!gone_) poller().arm(*this, next_time());
}

void Client::ask_next(base::SteadyTime now) {
  if (asked() || now < pause_until_) return;
  if (state() == State::kEntering) return ask_to_log_in(now);
  if (state() != State::kIn) return;
  std::string cid = next_cid();
  if (auto step = party_.next(member_, cid)) {
    last_sent_ = now;
    ask(std::move(cid), std::move(step->question), step->json, now);
  } else if (now >= last_sent_ + kPingAfter) {
    last_sent_ = now;
    const std::string json = protocol::encode_request(protocol::messages::Ping{}, cid);
    ask(std::move(cid), {.request = protocol::Msgid::kPing}, json, now);
  }
}

void Client::send_chats(base::SteadyTime now) {
  const std::string& run = around_.run.id;
  while (const auto number = plan_.next(now)) {
    send(request::chat(cid_of(run, *number), account().id(), party_.target(member_),
                       text_of(run, party_.mark(member_, *number))));
    last_sent_ = now;
  }
  if (outage_ && plan_.idle()) back(now);
}

bool Client::timed_out(base::SteadyTime now) const {
  if (state() == State::kOut) return false;
  if (!heard() && now >= connected_at_ + kFirstReplyTimeout) return true;
  if (asked() && now >= asked()->since + kReplyTimeout) return true;
  const auto since = plan_.waits_since();
  return since != base::SteadyTime::max() && now >= since + kReplyTimeout;
}

base::SteadyTime Client::next_time() const {
  if (state() == State::kOut) return pause_until_;
  auto next = base::SteadyTime::max();
  if (!heard()) next = connected_at_ + kFirstReplyTimeout;
  if (asked()) next = std::min(next, asked()->since + kReplyTimeout);
  if (!asked() && state() != State::kConnecting) {
    const bool has_step = state() != State::kIn || party_.next(member_, "c").has_value();
    next = std::min(next, has_step ? pause_until_ : last_sent_ + kPingAfter);
  }
  if (state() == State::kIn) next = std::min(next, plan_.next_time());
  if (const auto since = plan_.waits_since(); since != base::SteadyTime::max()) {
    next = std::min(next, since + kReplyTimeout);
  }
  return next;
}

void Client::out(const std::string& reason, base::SteadyTime now) {
  if (!outage_) outage_ = Outage{now, std::nullopt, reason};
}

void Client::back(base::SteadyTime now) {
  if (!outage_) return;
  outage_->until = now;
  around_.outages.push_back(*std::exchange(outage_, std::nullopt));
}

void Client::close_books() {
  if (outage_) around_.outages.push_back(*std::exchange(outage_, std::nullopt));
}

}  // namespace chat::client::check
