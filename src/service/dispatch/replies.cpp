#include "service/dispatch/replies.h"

#include "chat/storage/group_values.h"

#include <utility>

#include "chat/delivery/refusals.h"

namespace chat::service {

using protocol::Errno;
using protocol::Msgid;

OkReply::OkReply(const RequestHead& request) : writer_(text_), cid_(request.cid) {
  const Msgid msgid = protocol::reply_to(request.msgid);
  writer_.begin_object().field("msgid", static_cast<int>(msgid)).field("errno", 0);
}

void OkReply::send(session::Session& session) {
  if (!cid_.empty()) writer_.field("cid", std::string_view(cid_));
  writer_.end_object();
  session.reply(text_);
}

void refuse(session::Session& session, const RequestHead& request,
            const protocol::Refusal& refusal) {
  session.reply(protocol::error_reply(protocol::reply_to(request.msgid), refusal, request.cid));
}

void refuse(session::Session& session, const RequestHead& request, const Error& error) {
  refuse(session, request, delivery::refusal_of(error));
}

protocol::Refusal failed(std::string message) {
  return {Errno::kFailed, std::move(message), std::nullopt};
}

protocol::Refusal bad_field(std::string message) {
  return {Errno::kBadField, std::move(message), std::nullopt};
}

protocol::Refusal not_found(std::string message) {
  return {Errno::kNotFound, std::move(message), std::nullopt};
}

protocol::Refusal no_such_group() {
  return not_found("there is no such group, or you are not in it");
}

protocol::Refusal rate_limited(std::chrono::milliseconds retry_after) {
  return {Errno::kRateLimited, "too many requests, slow down", retry_after};
}

protocol::Refusal busy() {
  return {Errno::kBusy, "the server is busy, try again", std::chrono::milliseconds(1000)};
}

namespace {

std::string_view state_name(bool online) {
  return online ? "online" : "offline";
}

}  // namespace

messages::FriendItem item_of(const storage::Friend& row) {
  return {.id = row.id, .name = row.name, .state = state_name(row.online)};
}

messages::MemberItem item_of(const storage::GroupMember& row) {
  return {.id = row.id,
          .name = row.name,
          .state = state_name(row.online),
          .role = storage::word_of(row.role),
          .muted_until = row.muted_until == 0 ? std::nullopt : std::optional(row.muted_until)};
}

messages::GroupItem item_of(const storage::Group& row) {
  messages::GroupItem item{.id = row.id, .groupname = row.name, .groupdesc = row.desc};
  if (!row.announcement.empty()) item.announcement = row.announcement;
  if (row.joining != storage::GroupJoining::kOpen) item.joining = storage::word_of(row.joining);
  if (row.muted_until != 0) item.muted_until = row.muted_until;
  item.dismissed = row.dismissed;
  return item;
}

messages::GroupItem item_of(const storage::GroupOfMember& row) {
  messages::GroupItem item = item_of(static_cast<const storage::Group&>(row));
  item.role = storage::word_of(row.role);
  return item;
}

messages::GroupItem item_of(const storage::Group& row,
                            const std::vector<storage::GroupMember>& users) {
  messages::GroupItem item = item_of(row);
  item.users.emplace().reserve(users.size());
  for (const storage::GroupMember& user : users) item.users->push_back(item_of(user));
  return item;
}

}  // namespace chat::service
