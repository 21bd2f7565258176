#include "cluster/redis/redis_link.h"

#include <algorithm>
#include <span>
#include <utility>

namespace chat::cluster {
namespace {

bool is_text(const redisReply* reply) {
  return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
}

tl::unexpected<Error> unexpected_reply() {
  return fail(ErrorCode::kUnavailable, "an unexpected reply");
}

}  // namespace

void RedisLink::ask(Verb verb, std::string channel, base::SteadyTime now) {
  if (verb != verb_ || command_.size() >= kChannelsPerCommand) flush();
  if (!confirmations_.pending()) confirmed_at_ = now;
  confirmations_.ask(1);
  verb_ = verb;
  command_.push_back(std::move(channel));
}

void RedisLink::flush() {
  if (command_.empty()) return;
  std::vector<std::string_view> words{verb_ == Verb::kSubscribe ? "SUBSCRIBE" : "UNSUBSCRIBE"};
  words.insert(words.end(), command_.begin(), command_.end());
  connection_.append(words);
  command_.clear();
}

base::SteadyTime RedisLink::deadline() const {
  const auto ping = pinged_ ? pong_deadline() : ponged_at_ + kPingAfter;
  return confirmations_.pending() ? std::min(ping, confirmed_at_ + kConfirmPatience) : ping;
}

Result<void> RedisLink::transfer(short events, base::SteadyTime now, const OnMessage& on_message) {
  if (auto done = connection_.transfer(events); !done) return done;
  for (;;) {
    auto reply = connection_.next_reply();
    if (!reply) return fail(reply);
    if (*reply == nullptr) return {};
    heard_at_ = now;
    if (auto handled = handle(**reply, now, on_message); !handled) return handled;
  }
}

Result<void> RedisLink::handle(const redisReply& reply, base::SteadyTime now,
                               const OnMessage& on_message) {
  if (is_error(reply)) return fail(ErrorCode::kUnavailable, std::string(text_of(reply)));
  if (is_text(&reply)) {  // PONG of a connection without subscriptions
    note_pong(now);
    return {};
  }
  if (reply.type != REDIS_REPLY_ARRAY) return unexpected_reply();
  const std::span<redisReply* const> parts(reply.element, reply.elements);
  if (parts.size() < 2 || !is_text(parts[0]) || !is_text(parts[1])) return unexpected_reply();

  const std::string_view kind = text_of(*parts[0]);
  if (kind == "message" && parts.size() == 3 && is_text(parts[2])) {
    on_message(text_of(*parts[1]), text_of(*parts[2]));
  } else if (kind == "subscribe" || kind == "unsubscribe") {
    confirmations_.confirm();
    confirmed_at_ = now;
  } else if (kind == "pong") {
    note_pong(now);
  } else {
    return unexpected_reply();
  }
  return {};
}

void RedisLink::note_pong(base::SteadyTime now) {
  pinged_ = false;
  ponged_at_ = now;
}

base::SteadyTime RedisLink::pong_deadline() const {
  return std::min(std::max(pinged_at_, heard_at_) + kPingPatience, pinged_at_ + kLagMax);
}

Result<void> RedisLink::keep_alive(base::SteadyTime now) {
  if (confirmations_.pending() && now >= confirmed_at_ + kConfirmPatience) {
    return fail(ErrorCode::kTimeout, "subscriptions were not confirmed in time");
  }
  if (pinged_) {
    if (now < pong_deadline()) return {};
    return fail(ErrorCode::kTimeout, "PING was not answered in time");
  }
  if (now < ponged_at_ + kPingAfter) return {};
  connection_.append({"PING"});
  pinged_ = true;
  pinged_at_ = now;
  return {};
}

}  // namespace chat::cluster
