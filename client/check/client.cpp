#include "client/check/client.h"

#include <algorithm>
#include <utility>

#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/login_messages.h"
#include "client/core/request_json.h"

namespace chat::client::check {
namespace {

using protocol::encode_request;
using protocol::Msgid;
namespace messages = protocol::messages;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kFirstReplyTimeout{5};
constexpr std::chrono::seconds kReplyTimeout{10};
constexpr std::chrono::seconds kPingAfter{10};
// Full jitter: random(0, min(cap, first · 2ⁿ)).
constexpr std::int64_t kFirstPauseMs = 250;
constexpr std::int64_t kMostPauseMs = 2000;

}  // namespace

Client::Client(Surroundings& around, Party& party, std::size_t member, Account account,
               std::size_t first_server)
    : around_(around),
      party_(party),
      member_(member),
      account_(std::move(account)),
      plan_(party.ledger(member), party.sender_number(member), around.run.options.window,
            around.run.options.resend),
      link_(around.poller, *this),
      server_(first_server) {
  party_.set_handler(member, *this);
}

void Client::begin(const Schedule& schedule) {
  loading_ = true;
  plan_.begin(schedule);
  progress(base::system_clock().now());
}

void Client::leave() {
  loading_ = false;
  if (state_ != State::kIn) {
    link_.close();
    return enter(State::kGone);
  }
  enter(State::kLeaving);
  // A PING that is on its way is not waited for.
  asked_.reset();
  progress(base::system_clock().now());
}

void Client::enter(State state) {
  if (state_ == State::kIn) --around_.run.progress.online;
  if (state == State::kIn) ++around_.run.progress.online;
  state_ = state;
}

void Client::connect() {
  const auto& servers = around_.run.servers;
  connected_at_ = base::system_clock().now();
  heard_ = false;
  asked_.reset();
  enter(State::kConnecting);
  link_.connect(servers[server_ % servers.size()]);
  if (!link_.connecting()) return lose("connection refused");
  around_.poller.arm(*this, next_time());
}

void Client::lose(const std::string& reason, milliseconds at_least) {
  const auto now = base::system_clock().now();
  const bool leaving = state_ == State::kLeaving;
  if (state_ == State::kIn || state_ == State::kLoggingIn) {
    ++around_.run.progress.disconnections;
  }
  link_.close();
  asked_.reset();
  doom_.clear();
  doom_pause_ = {};
  if (leaving) return enter(State::kGone);
  plan_.connection_lost();
  if (loading_) out(reason, now);
  enter(State::kPausing);
  ++server_;
  const std::int64_t most = std::min(kMostPauseMs, kFirstPauseMs << std::min(tries_++, 10));
  pause_until_ = now + std::max(at_least, milliseconds(around_.random_up_to(most)));
  around_.poller.arm(*this, next_time());
}

void Client::on_ready() {
  const auto now = base::system_clock().now();
  if (link_.connecting()) {
    if (!link_.finish_connecting()) return lose("connection refused");
    enter(State::kLoggingIn);
    pause_until_ = now;
  } else {
    take_frames(now);
  }
  progress(now);
}

void Client::on_time(base::SteadyTime now) {
  if (state_ == State::kGone) return;
  if (state_ == State::kPausing && now >= pause_until_) return connect();
  if (timed_out(now)) return lose("no answer in time");
  progress(now);
}

// What can be sent now is sent, and the next time armed.
void Client::progress(base::SteadyTime now) {
  if (link_.open()) {
    ask_next(now);
    if (state_ == State::kIn) send_chats(now);
    link_.flush();
  }
  if (state_ != State::kGone) around_.poller.arm(*this, next_time());
}

void Client::ask_next(base::SteadyTime now) {
  if (asked_ || now < pause_until_) return;
  std::string cid = "c" + std::to_string(++cids_);
  if (state_ == State::kLoggingIn) {
    auto step = account_.next(cid);
    return ask(std::move(cid), std::move(step.question), step.json, now);
  }
  if (state_ == State::kLeaving) {
    const std::string json = encode_request(messages::Logout{.sender = account_.id()}, cid);
    return ask(std::move(cid), {.request = Msgid::kLogout, .user = account_.id()}, json, now);
  }
  if (auto step = party_.next(member_, cid)) {
    return ask(std::move(cid), std::move(step->question), step->json, now);
  }
  if (now >= last_sent_ + kPingAfter) {
    const std::string json = encode_request(messages::Ping{}, cid);
    ask(std::move(cid), {.request = Msgid::kPing}, json, now);
  }
}

void Client::ask(std::string cid, Question question, std::string_view json, base::SteadyTime now) {
  link_.send(json);
  last_sent_ = now;
  asked_ = Asked{std::move(cid), std::move(question), now + kReplyTimeout};
}

void Client::send_chats(base::SteadyTime now) {
  const std::string& run = around_.run.id;
  while (const auto number = plan_.next(now)) {
    link_.send(request::chat(cid_of(run, *number), account_.id(), party_.target(member_),
                             text_of(run, party_.mark(member_, *number))));
    last_sent_ = now;
  }
  if (outage_ && plan_.idle()) back(now);
}

bool Client::timed_out(base::SteadyTime now) const {
  if (!link_.connecting() && !link_.open()) return false;
  if (!heard_ && now >= connected_at_ + kFirstReplyTimeout) return true;
  if (asked_ && now >= asked_->deadline) return true;
  const auto since = plan_.waits_since();
  return since != base::SteadyTime::max() && now >= since + kReplyTimeout;
}

base::SteadyTime Client::next_time() const {
  if (state_ == State::kPausing) return pause_until_;
  auto next = base::SteadyTime::max();
  if (!heard_) next = connected_at_ + kFirstReplyTimeout;
  if (asked_) next = std::min(next, asked_->deadline);
  if (!asked_ && state_ != State::kConnecting) {
    const bool has_step = state_ != State::kIn || party_.next(member_, "c").has_value();
    next = std::min(next, has_step ? pause_until_ : last_sent_ + kPingAfter);
  }
  if (state_ == State::kIn) next = std::min(next, plan_.next_time());
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
