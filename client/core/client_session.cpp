#include "client/core/client_session.h"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "chat/base/version.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/account_messages.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/protocol/messages/login_messages.h"
#include "chat/protocol/messages/typing_messages.h"
#include "client/core/reconnect_backoff.h"
#include "client/core/text.h"
#include "client/core/wire/wire.h"

namespace chat::client {
namespace {

using protocol::Msgid;
namespace messages = protocol::messages;

std::string too_large(std::size_t bytes, std::size_t limit) {
  return fmt::format("too long: {} bytes, the server takes at most {} at once", bytes, limit);
}

// A prefix of 64 random bits for this session's cids. The server remembers the cids of a stream
// beyond a session's end, and treats a repeated one as the same message.
std::string random_prefix() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}-", random(), random());
}

std::string why_turned_away(const std::string& reason) {
  if (reason == "server_full") return "the server is full and accepts no more connections now";
  if (reason == "too_many_connections") {
    return "the server accepts no more connections from this address now";
  }
  return fmt::format("the server accepts no connections now ({})", harmless(reason));
}

Answer::Status status_of(const Event& event) {
  return event.as<event::Refused>() ? Answer::Status::kRefused : Answer::Status::kOk;
}

// True if the refusal is transient.
bool passes(const event::Refused& refused) {
  return refused.error == "busy" || refused.error == "unavailable" ||
         refused.error == "rate_limited";
}

// The user whom the request needs, and who does not exist; 0: none.
UserId missing_user(const Event& event, const Question& question) {
  const auto* refused = event.as<event::Refused>();
  if (refused == nullptr || !refused->is(protocol::Errno::kNotFound) || !question.needs_user)
    return {};
  return question.target.user ? question.target.user : question.who.id;
}

}  // namespace

// Meanwhile the user's next line waits.
constexpr std::chrono::milliseconds kUnaskedTimeout{2'000};

ClientSession::ClientSession(Handler handler, std::chrono::milliseconds reply_timeout)
    : handler_(std::move(handler)),
      reply_timeout_(reply_timeout),
      cid_prefix_(random_prefix()),
      outbox_(random_up_to) {}

ClientSession::~ClientSession() {
  close();
}

Result<void> ClientSession::open(const std::string& host, std::uint16_t port, const TlsContext* tls,
                                 std::chrono::milliseconds connect_timeout) {
  auto connection = ServerConnection::open(host, port, connect_timeout, tls);
  if (!connection) return fail(connection);
  connection_ = std::move(*connection);
  host_ = host;
  port_ = port;
  closing_ = false;
  greeted_ = false;
  farewell_.reset();
  connected_ = true;
  pending_.open();
  outbox_.open();
  receiver_ = base::Thread("receive", [this] { receive_all(); });
  sender_ = base::Thread("send", [this] { send_chats(); });

  const Answer hello =
      ask(messages::Hello{.client = "chatclient", .version = std::string(base::version())});
  if (hello.ok() || hello.status == Answer::Status::kRefused) return {};
  close();
  if (hello.status == Answer::Status::kTimedOut) {
    return fail(ErrorCode::kTimeout, "the server accepts connections but does not answer");
  }
  if (farewell_) return fail(ErrorCode::kBusy, why_turned_away(farewell_->reason));
  if (const auto* fault = last_.as<event::Fault>()) return fail(ErrorCode::kInternal, fault->text);
  return fail(ErrorCode::kUnavailable, last_.as<event::Disconnected>()->reason);
}

void ClientSession::close() {
  interrupt();
  receiver_.join();
  sender_.join();
}

void ClientSession::interrupt() {
  closing_ = true;
  if (connected()) connection_->shutdown();
}

Answer ClientSession::register_user(const std::string& name, std::string_view password,
                                    std::string_view code) {
  messages::Register request{.name = name, .password = std::string(password)};
  if (!code.empty()) request.invite = code;
  return ask(request, {.name = name});
}

Answer ClientSession::login(const Credentials& credentials) {
  return ask(request::login(credentials));
}

// Chats typed before are sent first; none follow a deliberate logout.
Answer ClientSession::logout() {
  if (!wait_for_chats(reply_timeout_)) timed_out({.request = Msgid::kOneChat});
  outbox_.pause();  // nothing follows the LOGOUT
  Answer answer = ask(messages::Logout{.sender = self()}, {.user = self()});
  if (answer.ok()) {
    drop_chats();
    base::MutexLock lock(account_mutex_);
    token_.clear();
  } else if (logged_in()) {
    outbox_.start();
  }
  return answer;
}

void ClientSession::drop_chats() {
  if (const std::size_t count = outbox_.clear(); count > 0) handler_({event::Unsent{count}});
}

bool ClientSession::can_resume() const {
  base::MutexLock lock(account_mutex_);
  return !token_.empty();
}

Resumption ClientSession::resumption() const {
  base::MutexLock lock(account_mutex_);
  return {{account_, account_name_}, token_};
}

Answer ClientSession::login_by_token(const std::string& token) {
  return ask(request::login_again(token));
}

Answer ClientSession::resume() {
  std::string token;
  {
    base::MutexLock lock(account_mutex_);
    token = token_;
  }
  if (token.empty()) return {Answer::Status::kNotSent, {}};
  Answer answer = ask(request::login_again(token), {.again = true});
  const auto* refused = answer.event.as<event::Refused>();
  if (refused != nullptr && refused->error == "invalid_token") {
    base::MutexLock lock(account_mutex_);
    token_.clear();
  }
  return answer;
}

// The body of the sending thread, until the connection ends.
void ClientSession::send_chats() {
  while (const auto chat = outbox_.next()) {
    const auto msgid = chat->target.group ? Msgid::kGroupChat : Msgid::kOneChat;
    transmit(chat->cid,
             {.request = msgid,
              .target = chat->target,
              .at_all = chat->at_all,
              .needs_user = !chat->target.group && !chat->is_reply},
             chat->json);
  }
}

void ClientSession::acknowledge(const Target& stream, Seq seq, bool read) {
  if (!logged_in()) return;
  const std::string json = read ? request::read(stream, seq) : request::delivered(stream, seq);
  static_cast<void>(connection_->send(json));
}

void ClientSession::typing(Target target, bool on) {
  if (!logged_in()) return;
  protocol::messages::Typing message{.on = on};
  if (target.group) {
    message.groupid = target.group;
  } else {
    message.toid = target.user;
  }
  static_cast<void>(connection_->send(protocol::encode_request(message)));
}

Answer ClientSession::history(Target target, int limit, const std::string& cursor) {
  return ask(request::history(target, limit, cursor), {.target = target});
}

Answer ClientSession::create_group(const std::string& name, const std::string& desc) {
  return ask(messages::CreateGroup{.sender = self(), .groupname = name, .groupdesc = desc},
             {.name = name, .desc = desc});
}

Answer ClientSession::ping() {
  Answer answer = ask(messages::Ping{});
  if (answer.status != Answer::Status::kTimedOut || !connected()) return answer;
  close();
  handler_({event::Disconnected{"the server does not answer"}});
  return answer;
}

Answer ClientSession::chat(Target target, std::string_view text,
                           const event::MessageExtras& extras) {
  UserId account;
  {
    base::MutexLock lock(account_mutex_);
    account = account_;
  }
  const auto msgid = target.group ? Msgid::kGroupChat : Msgid::kOneChat;
  const auto build = [&](std::string_view cid) {
    return request::chat(cid, logged_in() ? self() : account, target, text, extras);
  };
  // Not logged in: let the server refuse it, or fail if there is no connection.
  if (!logged_in() && (connected() || !can_resume())) {
    return ask({.request = msgid, .target = target}, build);
  }
  const std::string cid = next_cid();
  Unanswered chat{cid, target, build(cid), extras.at_all, extras.reply.has_value()};
  Answer answer;
  if (too_long(chat.json, answer)) return answer;
  // Only this thread adds chats, so there is still room afterwards.
  const auto deadline = base::system_clock().now() + reply_timeout_;
  if (!outbox_.wait_room(deadline)) {
    answer = {Answer::Status::kNotSent,
              {event::Usage{"not sent: too many messages are waiting to be sent"}}};
    handler_(answer.event);
    return answer;
  }
  handler_({event::Sending{target, std::string(text), cid, extras}});
  outbox_.add(std::move(chat), deadline);
  if (!connected()) handler_({event::Queued{target}});
  return {Answer::Status::kOk, {}};
}

bool ClientSession::wait_for_chats(std::chrono::milliseconds patience) {
  return outbox_.wait_empty(patience);
}

Answer ClientSession::ask(Question question, const Build& build) {
  Answer failure;
  // Requests take effect in the order typed.
  if (question.request != Msgid::kPing) {
    outbox_.wait_settled(base::system_clock().now() + reply_timeout_);
  }
  const auto item = send(std::move(question), build, failure);
  if (!item) return failure;
  const bool unasked = item->question.unasked;
  const auto patience = unasked ? std::min(reply_timeout_, kUnaskedTimeout) : reply_timeout_;
  if (!item->arrived.try_acquire_for(patience) || !item->answered.load(std::memory_order_acquire)) {
    return timed_out(item->question);
  }
  return item->answer;
}

// Nothing if the request was not sent; `failure` tells why.
PendingTable::Item ClientSession::send(Question question, const Build& build, Answer& failure) {
  const std::string cid = next_cid();
  const std::string json = build(cid);
  if (too_long(json, failure)) return nullptr;
  return transmit(cid, std::move(question), json);
}

std::string ClientSession::next_cid() {
  return cid_prefix_ + std::to_string(++last_cid_);
}

bool ClientSession::too_long(const std::string& json, Answer& failure) {
  const std::size_t limit =
      logged_in() || can_resume() ? protocol::kFrameMaxBytes : protocol::kFrameMaxBytesBeforeLogin;
  if (json.size() <= limit) return false;
  failure = {Answer::Status::kNotSent, {event::Usage{too_large(json.size(), limit)}}};
  handler_(failure.event);
  return true;
}

PendingTable::Item ClientSession::transmit(const std::string& cid, Question question,
                                           const std::string& json) {
  if (!connected()) return nullptr;
  auto item = pending_.add(cid, std::move(question));
  // A failed send has shut the connection down; the receiving thread reports it and cleans up.
  if (!item || !connection_->send(json)) return nullptr;
  return item;
}

Answer ClientSession::timed_out(const Question& question) {
  Answer answer{Answer::Status::kTimedOut,
                {event::TimedOut{command_name(question), reply_timeout_}}};
  // open() and ping() report the result of HELLO and PING themselves.
  const bool own = question.request == Msgid::kHello || question.request == Msgid::kPing;
  if (!own && !question.unasked) handler_(answer.event);
  return answer;
}

void ClientSession::receive_all() {
  for (;;) {
    const auto frame = connection_->receive();
    const auto taken = frame && *frame ? take(**frame) : Result<void>();
    if (!taken) return end({event::Fault{taken.error().message}});
    if (frame && *frame) continue;
    if (frame) return end({event::Disconnected{"the server closed the connection"}});
    if (frame.error().code == ErrorCode::kInternal) {
      return end({event::Fault{frame.error().message}});
    }
    return end({event::Disconnected{frame.error().message}});
  }
}

Result<void> ClientSession::take(std::string_view frame) {
  const auto message = parse_message(frame);
  const bool turned_away = message && static_cast<Msgid>(message->msgid) == Msgid::kBye;
  if (connection_->speaks_lines() && !turned_away) {
    return fail(ErrorCode::kInternal, "the server at this address does not speak this protocol");
  }
  if (!message) return fail(message);
  const auto item = pending_.find(message->cid, message->msgid);
  auto event = item ? read_reply(*message, item->question) : read_push(*message);
  if (!event) return fail(event);
  if (auto* refused = std::get_if<event::Refused>(&event->what)) refused->cid = message->cid;
  if (const auto* bye = event->as<event::Bye>(); bye != nullptr && !greeted_) {
    farewell_ = *bye;
    return {};
  }
  update(*event);
  if (const UserId missing = item ? missing_user(*event, item->question) : UserId{}) {
    names_.forget(missing);  // somebody else may have the name now
    roster_.forget(missing);
  }
  if (item && hold(*event, item->question, message->cid)) {
    pending_.finish(message->cid, {});
    return {};
  }
  const bool quiet = item && item->question.quiet;
  if (take_message(*event) && !quiet) {
    handler_(item && item->question.request == Msgid::kHello ? greet() : *event);
  }
  if (event->as<event::LoggedIn>()) outbox_.start();
  if (item) outbox_.finish(item->question.target, message->cid);
  if (item) pending_.finish(message->cid, {status_of(*event), *event});
  return {};
}

// True if the server could not accept the chat now; it stays in the outbox.
bool ClientSession::hold(const Event& event, const Question& question, const std::string& cid) {
  const auto* refused = event.as<event::Refused>();
  if (refused == nullptr || !passes(*refused)) return false;
  // Mentions of everybody have a limit of their own, which would hold the whole group for long.
  if (question.at_all && refused->error == "rate_limited") return false;
  const std::chrono::milliseconds wish(refused->retry_after_ms.value_or(0));
  const auto held = outbox_.hold(question.target, cid, wish);
  if (held == Outbox::Held::kFirst) handler_({event::Held{question.target, refused->error}});
  return held != Outbox::Held::kUnknown;
}

// False for a duplicate.
bool ClientSession::take_message(Event& event) {
  if (auto* login = std::get_if<event::LoggedIn>(&event.what)) {
    std::erase_if(login->offline, [this](const auto& each) { return !received_.take(each); });
  }
  const auto* message = event.as<event::Message>();
  return message == nullptr || received_.take(*message);
}

// Any reply to HELLO is accepted, because an older server may not know it.
Event ClientSession::greet() {
  greeted_ = true;
  return {event::Connected{host_, port_, can_resume(), connection_->encryption()}};
}

void ClientSession::update(Event& event) {
  names_.apply(event);
  roster_.apply(event);
  group_requests_.apply(event);
  receipts_.apply(event);
  notices_.apply(event, self());
  if (auto* inbox = std::get_if<event::Inbox>(&event.what)) inbox->self = self();
  if (const auto* login = event.as<event::LoggedIn>()) {
    self_ = login->id.value;
    received_.begin(login->id);
    if (take_account(*login)) drop_chats();
  }
  const bool deleted = event.as<event::AccountDeleted>() != nullptr;
  if (deleted) {
    base::MutexLock lock(account_mutex_);
    token_.clear();
  }
  if (deleted || event.as<event::LoggedOut>()) {
    self_ = 0;
    outbox_.stop();
  }
}

// True if it is another account than before.
bool ClientSession::take_account(const event::LoggedIn& login) {
  base::MutexLock lock(account_mutex_);
  token_ = login.token;
  account_name_ = login.name;
  return std::exchange(account_, login.id) != login.id;
}

void ClientSession::end(const Event& event) {
  self_ = 0;
  connected_ = false;
  connection_->shutdown();
  last_ = event;
  // Before the greeting, open() reports the end.
  if (greeted_ && !closing_) handler_(event);
  outbox_.close();
  pending_.close();
}

}  // namespace chat::client
