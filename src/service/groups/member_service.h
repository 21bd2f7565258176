#pragma once

#include "chat/protocol/messages/group_admin_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/groups/group_acts.h"

namespace chat::service {

// What happens to a group and its members: leaving, removal, roles, mutes, settings, dismissal.
// Repeating an act that holds already succeeds and writes nothing.
// Threading: thread-safe. Handlers block on the database.
class MemberService {
 public:
  MemberService(ServiceContext& context, GroupActs& acts) : context_(context), acts_(acts) {}

  void leave(session::Session& session, const Received<messages::LeaveGroup>& request);
  void remove(session::Session& session, const Received<messages::RemoveMember>& request);
  void set_role(session::Session& session, const Received<messages::SetRole>& request);
  void mute(session::Session& session, const Received<messages::Mute>& request);
  void change_settings(session::Session& session, const Received<messages::SetGroup>& request);
  void dismiss(session::Session& session, const Received<messages::DismissGroup>& request);

 private:
  struct Act {
    Action action;
    GroupId group;
    const char* record;  // in the audit log, if the act changes anything
    UserId user;         // whom it concerns
  };
  void run(session::Session& session, const RequestHead& request, const Act& act,
           const GroupWork& work, const GroupActs::Reply& reply);
  storage::Group group_now(GroupId id);

  ServiceContext& context_;
  GroupActs& acts_;
};

}  // namespace chat::service
