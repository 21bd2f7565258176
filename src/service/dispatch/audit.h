#pragma once

#include <string_view>

#include "chat/base/ids.h"
#include "chat/session/session.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// One line of the audit log (log.audit_file):
//   {"time":"2026-05-04T10:11:12.345Z","event":"login","user":7,"address":"192.0.2.1:4711",
//    "node":"a"}
// `user` is the account that it is about, 0 where there is none of that name: what a client
// typed is never written, for people type passwords into the wrong line. `group` where it is about
// one. `suppressed`, where it is given, is how many lines of this kind before it were not written
// because there were too many. Nothing happens when there is no audit log.
// Threading: thread-safe. Bounds: a rate of lines for each kind of event.
void audit(const ServiceContext& context, std::string_view event, const session::Session& session,
           UserId user, GroupId group = {});

}  // namespace chat::service
