#include "service/messages/chat_service.h"

#include <fmt/format.h>
#include <sodium.h>

#include <memory>
#include <string>
#include <utility>

#include "chat/delivery/entry.h"
#include "chat/delivery/refusals.h"
#include "chat/protocol/json_writer.h"
#include "chat/protocol/messages/encode.h"
#include "chat/session/wait.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

std::string random_prefix() {
  std::uint64_t random = 0;
  randombytes_buf(&random, sizeof(random));
  return fmt::format("{:016x}", random);
}

// Moves the text out of `request`.
template <typename EntryType, typename Message>
EntryType new_entry(session::Session& session, Received<Message>& request) {
  const session::Identity& self = session.identity();
  EntryType entry;
  entry.message.sender = self.user;
  entry.message.cid = request.cid;
  entry.message.body = std::move(request.msg);
  entry.sender_name = self.name;
  entry.sender_epoch = self.epoch;
  entry.cid_given = !entry.message.cid.empty();
  entry.sender_acknowledges = self.acknowledges;
  entry.session = session.shared_from_this();
  return entry;
}

protocol::Refusal bad_seq(const char* field) {
  return bad_field(std::string(field) + " must be an integer, 1 or more");
}

template <typename Fields>
std::string json_of(const Fields& fields) {
  std::string json;
  protocol::JsonWriter writer(json);
  writer.begin_object();
  protocol::write_fields(writer, fields);
  writer.end_object();
  return json;
}

// What the message replies to. Whether that exists is checked when the message is stored.
std::optional<protocol::Refusal> set_marks(delivery::DirectEntry& entry,
                                           const messages::OneChat& request) {
  if (!request.reply) return std::nullopt;
  const UserId self = entry.message.sender;
  const UserId author = request.reply->id;
  if (request.reply->seq == 0) return bad_seq("reply.seq");
  if (author != self && author != request.toid) {
    return bad_field("reply.id must be one of the two users of the chat");
  }
  delivery::Marks marks;
  marks.reply = {.group = {},
                 .recipient = author == self ? request.toid : self,
                 .sender = author,
                 .seq = request.reply->seq};
  entry.message.extra = json_of(messages::DirectMarks{.reply = request.reply});
  entry.marks = std::make_shared<const delivery::Marks>(std::move(marks));
  return std::nullopt;
}

std::optional<protocol::Refusal> set_marks(delivery::GroupEntry& entry,
                                           messages::GroupChat& request) {
  if (request.at && request.at->empty()) request.at.reset();
  if (!request.reply && !request.at && !request.at_all) return std::nullopt;
  if (request.reply == 0) return bad_seq("reply");
  entry.message.extra = json_of(
      messages::GroupMarks{.reply = request.reply, .at = request.at, .at_all = request.at_all});
  delivery::Marks marks;
  if (request.reply) {
    marks.reply = {.group = request.groupid, .recipient = {}, .sender = {}, .seq = *request.reply};
  }
  if (request.at) marks.at = std::move(*request.at);
  marks.at_all = request.at_all;
  entry.marks = std::make_shared<const delivery::Marks>(std::move(marks));
  return std::nullopt;
}

}  // namespace

ChatService::ChatService(ServiceContext& context, ChatAllowance& allowance)
    : context_(context), allowance_(allowance), cid_prefix_(random_prefix()) {}

void ChatService::one_chat(session::Session& session, Received<messages::OneChat>&& request) {
  auto entry = new_entry<delivery::DirectEntry>(session, request);
  entry.message.recipient = request.toid;
  entry.refusal = set_marks(entry, request);
  if (!entry.refusal) {
    entry.refusal = refusal_at_gate(session, Action::kChat, {.user = entry.message.recipient});
    entry.only_repeats = entry.refusal && entry.cid_given && was_deleted(entry.message.recipient);
    if (entry.only_repeats) entry.refusal.reset();
  }
  append(session, request, std::move(entry));
}

void ChatService::group_chat(session::Session& session, Received<messages::GroupChat>&& request) {
  auto entry = new_entry<delivery::GroupEntry>(session, request);
  entry.message.group = request.groupid;
  entry.refusal = set_marks(entry, request);
  if (!entry.refusal) {
    entry.refusal = refusal_at_gate(session, Action::kChatInGroup, {.group = entry.message.group});
  }
  append(session, request, std::move(entry));
}

// True if the user's account was deleted. A user who never existed has no name at all.
bool ChatService::was_deleted(UserId user) {
  const auto name = context_.delivery.user_names().name_of(user);
  return name && *name && (*name)->empty();
}

std::optional<protocol::Refusal> ChatService::refusal_at_gate(session::Session& session,
                                                              Action action, Object object) {
  auto verdict = authorize(context_, session.identity(), action, object);
  if (!verdict) return delivery::refusal_of(verdict.error());
  return std::move(verdict->refusal);
}

// Refused messages go through the journal too, so that the acks of chats to one target keep their
// order. A classic client cannot be told to slow down, so its message waits here instead; later
// ones wait behind it, in the end in the kernel's buffers.
template <typename EntryType>
void ChatService::append(session::Session& session, const RequestHead& request, EntryType entry) {
  if (!entry.refusal) {
    const auto wait = allowance_.take(session.identity().user);
    if (wait.count() > 0 && session.classic()) {
      return session::start(
          append_later(session.shared_from_this(), request, std::move(entry), wait));
    }
    if (wait.count() > 0) entry.refusal = rate_limited(wait);
  }
  if (!entry.cid_given) entry.message.cid = make_cid();
  session.commit_begun();
  if (context_.delivery.append(std::move(entry))) return;
  session.commit_ended();
  refuse(session, request, busy());
}

template <typename EntryType>
session::Coroutine<> ChatService::append_later(std::shared_ptr<session::Session> session,
                                               RequestHead request, EntryType entry,
                                               std::chrono::milliseconds wait) {
  session::Wait<session::Done> passed(session->strand());
  session->post_to_loop([answer = passed.answer()] { (void)answer(); }, wait);
  co_await passed;
  append(*session, request, std::move(entry));
}

std::string ChatService::make_cid() {
  return fmt::format("{}-{:x}", cid_prefix_, cids_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace chat::service
