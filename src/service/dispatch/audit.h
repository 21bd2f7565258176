#pragma once

#include <cstdint>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/session/session.h"
#include "service/dispatch/service_context.h"

namespace chat::service {

// One line of the audit log (log.audit_file):
//   {"time":"2026-05-04T10:11:12.345Z","event":"login","user":7,"address":"192.0.2.1:4711",
//    "node":"a"} `user` is the account concerned, 0 if there is none of that name: typed names are
//    never written, because people type passwords into the wrong field. `group` is present if one
//    is concerned. `suppressed` is the number of preceding lines of this kind that were dropped by
//    the rate limit. Does nothing without an audit log.
// Threading: thread-safe. Bounds: a rate of lines for each kind of event.
void audit(const ServiceContext& context, std::string_view event, const session::Session& session,
           UserId user, GroupId group = {});

// The same for an act of an operator: with "operator", the uid of its process, instead of
// `address`; with `user` and `group` if one is concerned, and "changed":false if the act changed
// nothing. Every act is written.
struct OperatorAct {
  std::string_view event;
  std::uint32_t uid = 0;
  UserId user{};
  GroupId group{};
  bool changed = true;
};
void audit(const ServiceContext& context, const OperatorAct& act);

}  // namespace chat::service
