#pragma once

#include <string>
#include <string_view>

#include "chat/protocol/messages/group_admin_messages.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/groups/group_acts.h"

namespace chat::service {

// The ways into a group: at once if it is open, by a request that an admin answers, by an
// invitation, or by a code.
// Threading: thread-safe. Handlers block on the database.
class JoinService {
 public:
  JoinService(ServiceContext& context, GroupActs& acts) : context_(context), acts_(acts) {}

  void handle_join(session::Session& session, const Received<messages::AddGroup>& request);
  void answer(session::Session& session, const Received<messages::JoinAnswer>& request);
  void invite(session::Session& session, const Received<messages::Invite>& request);

 private:
  void join(session::Session& session, const Received<messages::AddGroup>& request, GroupId group);
  void refuse_member(session::Session& session, const RequestHead& request, GroupId group,
                     Seq joined_seq);
  void answer_joining(session::Session& session, const RequestHead& request, GroupId group);
  void tell_admins(const session::Identity& who, GroupId group, std::string_view text);
  // Finds out whether the request to join was made, and tells the admins.
  SettleQueue::Look look_for_request(const session::Identity& who, GroupId group, std::string text,
                                     bool attempted);
  void invite_user(session::Session& session, const Received<messages::Invite>& request);
  void make_code(session::Session& session, const Received<messages::Invite>& request);

  ServiceContext& context_;
  GroupActs& acts_;
};

}  // namespace chat::service
