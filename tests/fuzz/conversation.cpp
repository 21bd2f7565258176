#include "conversation.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "chat/base/check.h"
#include "chat/protocol/errors.h"
#include "chat/protocol/http.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/msgid.h"
#include "chat/protocol/utf8.h"
#include "support/deadline.h"

namespace chat::fuzz {
namespace {

using nlohmann::json;
using protocol::Msgid;

// Longer than a healthy server ever takes on a busy machine.
constexpr test::milliseconds kStepPatience{60'000};

// No reply is due to these; a refusal may come.
bool is_cursor(int msgid) {
  return msgid == static_cast<int>(Msgid::kDelivered) || msgid == static_cast<int>(Msgid::kRead) ||
         msgid == static_cast<int>(Msgid::kTyping);
}

bool is_refused_cursor(int reply) {
  return reply == static_cast<int>(protocol::reply_to(Msgid::kDelivered)) ||
         reply == static_cast<int>(protocol::reply_to(Msgid::kRead)) ||
         reply == static_cast<int>(protocol::reply_to(Msgid::kTyping));
}

bool is_push(int msgid) {
  return msgid == static_cast<int>(Msgid::kOneChat) ||
         msgid == static_cast<int>(Msgid::kGroupChat) ||
         msgid >= static_cast<int>(Msgid::kPresence);
}

}  // namespace

void Conversation::say(std::string_view bytes) {
  if (bytes.empty() || ended_ || farewell_ || refused_) return;
  std::string sent(bytes);
  if (!std::exchange(begun_, true)) text_begun_ = sent.front() != '\0';
  if (text_begun_) {
    const auto end = std::find(sent.begin(), sent.end(), '\n');
    std::replace(sent.begin(), end, '\0', ' ');
    text_begun_ = end == sent.end();
  }
  ask(sent);
  // A whole object without a terminator would be accepted after a while, so add one.
  if (asked_.may_be_unterminated()) {
    sent.push_back('\n');
    ask("\n");
    text_begun_ = false;
  }
  // Writing fails if the server has closed meanwhile; hear() detects that.
  (void)::send(socket_.get(), sent.data(), sent.size(), MSG_NOSIGNAL);
  while (!settled()) hear();
}

void Conversation::finish() {
  ::shutdown(socket_.get(), SHUT_WR);
  while (!ended_) hear();
  if (http_)
    return CHAT_CHECK(http_answer_.ends_with(protocol::http_refusal(asked_.is_http_head())));
  if (!farewell_) CHAT_CHECK(owed_ == 0);
  CHAT_CHECK(owed_ >= 0 && may_come_ >= 0);
}

void Conversation::ask(std::string_view bytes) {
  asked_.feed(bytes);
  while (const auto frame = asked_.next()) note_asked(*frame);
  if (asked_.framing() == protocol::Framing::kHttp) {
    http_ = true;
    refused_ = true;
  }
  if (!asked_.failed()) return;
  refused_ = true;
  ++owed_;  // too_large, and then BYE
}

void Conversation::note_asked(std::string_view frame) {
  const auto request = protocol::parse_request(frame);
  if (!request) {
    ++owed_;
    return;
  }
  const std::string cid(request->cid());
  if (!cid.empty()) ++cids_[cid];
  ++(is_cursor(request->msgid) ? may_come_ : owed_);
}

// Waits until something arrives, or the end.
void Conversation::hear() {
  const test::Deadline deadline(kStepPatience);
  pollfd ready{socket_.get(), POLLIN, 0};
  // libFuzzer's own timer interrupts.
  while (::poll(&ready, 1, deadline.poll_timeout()) != 1) CHAT_CHECK(!deadline.passed());
  while (hear_more()) {
  }
}

bool Conversation::hear_more() {
  std::array<char, 16 * 1024> buffer;
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  ended_ = count <= 0;
  if (ended_) return false;
  if (http_) {
    http_answer_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  heard_.set_frame_max_bytes(protocol::kReplyMaxBytes);
  heard_.feed({buffer.data(), static_cast<std::size_t>(count)});
  while (const auto frame = heard_.next()) note_heard(*frame);
  CHAT_CHECK(!heard_.failed());
  return true;
}

void Conversation::note_heard(std::string_view frame) {
  CHAT_CHECK(!farewell_);  // nothing follows BYE
  CHAT_CHECK(protocol::is_valid_utf8(frame));
  CHAT_CHECK(asked_.framing() == heard_.framing());
  const json object = json::parse(frame);
  const int msgid = object.at("msgid");
  if (msgid == static_cast<int>(Msgid::kBye)) {
    CHAT_CHECK(!object.at("reason").get<std::string>().empty());
    farewell_ = true;
  } else if (!is_push(msgid)) {
    note_reply(msgid, object.at("errno"), object.value("cid", ""));
  }
}

void Conversation::note_reply(int msgid, int error, const std::string& cid) {
  CHAT_CHECK(!protocol::name_of(static_cast<protocol::Errno>(error)).empty());
  CHAT_CHECK(error != static_cast<int>(protocol::Errno::kInternal));
  if (!cid.empty()) CHAT_CHECK(cids_[cid]-- > 0);
  if (is_refused_cursor(msgid)) {
    CHAT_CHECK(error != 0);
    CHAT_CHECK(may_come_-- > 0);
    return;
  }
  CHAT_CHECK(owed_-- > 0);
  const bool logged_in = msgid == static_cast<int>(Msgid::kLoginAck) && error == 0;
  if (logged_in) asked_.set_frame_max_bytes(protocol::kFrameMaxBytes);
}

}  // namespace chat::fuzz
