#pragma once

#include "chat/protocol/messages/revision_messages.h"
#include "chat/session/session.h"
#include "service/dispatch/request_types.h"
#include "service/dispatch/service_context.h"
#include "service/groups/group_acts.h"
#include "service/messages/direct_revision.h"

namespace chat::service {

// Handles RECALL and EDIT: an event row of the message's stream, and the message overwritten in the
// same transaction.
// Threading: thread-safe. Blocks on the database.
class RevisionService {
 public:
  // Both must outlive it.
  RevisionService(ServiceContext& context, GroupActs& acts) : context_(context), acts_(acts) {}

  void recall(session::Session& session, const Received<messages::Recall>& request);
  void edit(session::Session& session, const Received<messages::Edit>& request);

 private:
  template <typename Reply, typename Request>
  void revise(session::Session& session, const Request& request, const RevisionWish& wish);
  template <typename Reply>
  void in_group(session::Session& session, const RequestHead& request, GroupId group,
                const RevisionWish& wish);
  template <typename Reply>
  void in_direct(session::Session& session, const RequestHead& request, UserId recipient,
                 const RevisionWish& wish);
  void settle(session::Session& session, const DirectAct& act);
  RevisionLimits limits() const;

  ServiceContext& context_;
  GroupActs& acts_;
};

}  // namespace chat::service
