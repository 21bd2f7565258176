#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "chat/protocol/errors.h"
#include "chat/protocol/json_writer.h"
#include "chat/protocol/request.h"
#include "chat/session/session.h"
#include "chat/storage/values.h"

namespace chat::service {

// The answer to a request that succeeded: msgid and errno 0 first, then what the handler adds,
// then the cid. send() once.
class OkReply {
 public:
  explicit OkReply(const protocol::Request& request);
  protocol::JsonWriter& json() { return writer_; }
  std::size_t size() const { return text_.size(); }
  // What is written so far: an object that is still open.
  const std::string& unfinished() const { return text_; }
  void send(session::Session& session);

 private:
  std::string text_;
  protocol::JsonWriter writer_;
  std::string cid_;
};

void refuse(session::Session& session, const protocol::Request& request,
            const protocol::Refusal& refusal);
// An error of the database as the client is told.
void refuse(session::Session& session, const protocol::Request& request, const Error& error);

// errno 1: what a wrong login or registration gets.
protocol::Refusal failed(std::string message);
protocol::Refusal bad_field(std::string message);
protocol::Refusal not_found(std::string message);
// A group that one is not in and a group that does not exist look alike.
protocol::Refusal no_such_group();
protocol::Refusal rate_limited(std::chrono::milliseconds retry_after);
protocol::Refusal busy();

// GROUP (202): `who` has "joined", or has "left".
std::string membership_push(GroupId group, const session::Identity& who, std::string_view change);

std::string_view state_name(bool online);
// {"id":…,"name":…,"state":…}
void write_friend(protocol::JsonWriter& json, const storage::Friend& item);
// The fields id, groupname and groupdesc.
void write_group_fields(protocol::JsonWriter& json, const storage::Group& group);
// {"id":…,"name":…,"state":…,"role":…}
void write_member(protocol::JsonWriter& json, const storage::GroupMember& user);
// {"id":…,"groupname":…,"groupdesc":…,"users":[{"id":…,"name":…,"state":…,"role":…}]}
void write_group(protocol::JsonWriter& json, const storage::Group& group,
                 const std::vector<storage::GroupMember>& users);

}  // namespace chat::service
