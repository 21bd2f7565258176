#pragma once

#include <string_view>

#include "chat/base/ids.h"
#include "chat/service/context.h"
#include "chat/session/session.h"

namespace chat::service {

// One line of the audit log (log.audit_file):
//   {"time":"2026-05-04T10:11:12.345Z","event":"login","user":7,"address":"192.0.2.1:4711",
//    "node":"a"}
// `user` is the account that it is about, 0 where there is none of that name: what a client
// typed is never written, for people type passwords into the wrong line. `group` where it is about
// one. Nothing happens when there is no audit log. Threading: thread-safe.
void audit(const ServiceContext& context, std::string_view event, const session::Session& session,
           UserId user, GroupId group = {});

}  // namespace chat::service
