#include "service/dispatch/replies.h"

#include <utility>

#include "chat/delivery/refusals.h"

namespace chat::service {

using protocol::Errno;
using protocol::Msgid;

OkReply::OkReply(const protocol::Request& request) : writer_(text_), cid_(request.cid()) {
  const Msgid msgid = protocol::reply_to(static_cast<Msgid>(request.msgid));
  writer_.begin_object().field("msgid", static_cast<int>(msgid)).field("errno", 0);
}

void OkReply::send(session::Session& session) {
  if (!cid_.empty()) writer_.field("cid", std::string_view(cid_));
  writer_.end_object();
  session.reply(text_);
}

void refuse(session::Session& session, const protocol::Request& request,
            const protocol::Refusal& refusal) {
  const Msgid msgid = protocol::reply_to(static_cast<Msgid>(request.msgid));
  session.reply(protocol::error_reply(msgid, refusal, request.cid()));
}

void refuse(session::Session& session, const protocol::Request& request, const Error& error) {
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

std::string membership_push(GroupId group, const session::Identity& who, std::string_view change) {
  std::string json;
  protocol::JsonWriter(json)
      .begin_object()
      .field("msgid", static_cast<int>(protocol::Msgid::kGroup))
      .field("groupid", group.value)
      .field("change", change)
      .field("id", who.user.value)
      .field("name", std::string_view(who.name))
      .end_object();
  return json;
}

std::string_view state_name(bool online) {
  return online ? "online" : "offline";
}

void write_friend(protocol::JsonWriter& json, const storage::Friend& item) {
  json.begin_object()
      .field("id", item.id.value)
      .field("name", std::string_view(item.name))
      .field("state", state_name(item.online))
      .end_object();
}

void write_group_fields(protocol::JsonWriter& json, const storage::Group& group) {
  json.field("id", group.id.value)
      .field("groupname", std::string_view(group.name))
      .field("groupdesc", std::string_view(group.desc));
}

void write_member(protocol::JsonWriter& json, const storage::GroupMember& user) {
  json.begin_object()
      .field("id", user.id.value)
      .field("name", std::string_view(user.name))
      .field("state", state_name(user.online))
      .field("role", user.role == storage::GroupRole::kCreator ? "creator" : "normal")
      .end_object();
}

void write_group(protocol::JsonWriter& json, const storage::Group& group,
                 const std::vector<storage::GroupMember>& users) {
  json.begin_object();
  write_group_fields(json, group);
  json.key("users").begin_array();
  for (const storage::GroupMember& user : users) write_member(json, user);
  json.end_array().end_object();
}

}  // namespace chat::service
