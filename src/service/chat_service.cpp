#include "chat_service.h"

#include <fmt/format.h>
#include <sodium.h>

#include <utility>

#include "chat/delivery/batch.h"
#include "replies.h"

namespace chat::service {
namespace {

std::string random_prefix() {
  std::uint64_t random = 0;
  randombytes_buf(&random, sizeof(random));
  return fmt::format("{:016x}", random);
}

template <typename EntryType>
EntryType new_entry(session::Session& session, const protocol::Request& request) {
  const session::Identity& self = session.identity();
  EntryType entry;
  entry.message.sender = self.user;
  entry.message.cid = std::string(request.cid());
  entry.message.body = std::string(request.text("msg"));
  entry.sender_name = self.name;
  entry.sender_epoch = self.epoch;
  entry.cid_given = !entry.message.cid.empty();
  entry.sender_acknowledges = self.acknowledges;
  entry.session = session.shared_from_this();
  return entry;
}

}  // namespace

ChatService::ChatService(ServiceContext& context)
    : context_(context),
      chats_{context.options.chat_per_second,
             context.options.chat_per_second * session::SessionOptions::kBurstSeconds},
      cid_prefix_(random_prefix()) {}

void ChatService::one_chat(session::Session& session, const protocol::Request& request) {
  auto entry = new_entry<delivery::DirectEntry>(session, request);
  entry.message.recipient = request.user_id("toid");
  entry.refusal = refusal_at_gate(session, Action::kChat, {.user = entry.message.recipient});
  append(session, request, std::move(entry));
}

void ChatService::group_chat(session::Session& session, const protocol::Request& request) {
  auto entry = new_entry<delivery::GroupEntry>(session, request);
  entry.message.group = request.group_id("groupid");
  entry.refusal = refusal_at_gate(session, Action::kChatInGroup, {.group = entry.message.group});
  append(session, request, std::move(entry));
}

std::optional<protocol::Refusal> ChatService::refusal_at_gate(session::Session& session,
                                                              Action action, Object object) {
  auto verdict = authorize(context_, session.identity(), action, object);
  if (!verdict) return delivery::refusal_of(verdict.error());
  return std::move(verdict->refusal);
}

// Refused messages go through the journal too: acks of chats to one target keep their order.
template <typename EntryType>
void ChatService::append(session::Session& session, const protocol::Request& request,
                         EntryType entry) {
  if (!entry.refusal) entry.refusal = rate_fault(session);
  if (!entry.cid_given) entry.message.cid = make_cid();
  session.commit_begun();
  if (context_.journal.append(std::move(entry))) return;
  session.commit_ended();
  refuse(session, request, busy());
}

std::optional<protocol::Refusal> ChatService::rate_fault(session::Session& session) {
  if (session.classic()) return std::nullopt;
  if (chats_.per_period == 0) return std::nullopt;
  const base::NamedBucket bucket{"chat:" + std::to_string(session.identity().user.value), chats_};
  const auto wait = context_.rates.take({&bucket, 1}).value_or(std::chrono::milliseconds(0));
  if (wait.count() == 0) return std::nullopt;
  return rate_limited(wait);
}

std::string ChatService::make_cid() {
  return fmt::format("{}-{:x}", cid_prefix_, cids_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace chat::service
