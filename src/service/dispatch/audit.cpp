#include "service/dispatch/audit.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "chat/base/check.h"
#include "chat/base/log.h"
#include "chat/base/log_limiter.h"
#include "chat/protocol/json_writer.h"

namespace chat::service {
namespace {

// For events that need no account, or fail: at most about 50 MB a day.
constexpr base::Rate kStrangersLines{.per_period = 5, .burst = 200};

// Each kind of line has a separate limit, so that a flood of one kind cannot hide another.
struct AuditKind {
  std::string_view event;
  log::Limiter limiter;
};
constinit AuditKind audit_kinds[] = {
    {"login_failed", log::Limiter{kStrangersLines}},
    {"registered", log::Limiter{kStrangersLines}},
    {"password_wrong", log::Limiter{kStrangersLines}},
    {"login", log::Limiter{log::kAccountLines}},
    {"takeover", log::Limiter{log::kAccountLines}},
    {"password_changed", log::Limiter{log::kAccountLines}},
    {"account_deleted", log::Limiter{log::kAccountLines}},
    {"sessions_revoked", log::Limiter{log::kAccountLines}},
    {"group_created", log::Limiter{log::kAccountLines}},
    {"group_joined", log::Limiter{log::kAccountLines}},
    {"group_left", log::Limiter{log::kAccountLines}},
    {"member_removed", log::Limiter{log::kAccountLines}},
    {"role_set", log::Limiter{log::kAccountLines}},
    {"muted", log::Limiter{log::kAccountLines}},
    {"group_changed", log::Limiter{log::kAccountLines}},
    {"join_accepted", log::Limiter{log::kAccountLines}},
    {"join_refused", log::Limiter{log::kAccountLines}},
    {"invited", log::Limiter{log::kAccountLines}},
    {"code_made", log::Limiter{log::kAccountLines}},
    {"group_dismissed", log::Limiter{log::kAccountLines}},
};
// Failures for accounts that do not exist must not use up the limit of existing ones.
constinit log::Limiter failures_of_unknown_accounts{kStrangersLines};

log::Limiter& audit_limiter_of(std::string_view event, UserId user) {
  if (!user) return failures_of_unknown_accounts;
  auto* const found = std::find_if(std::begin(audit_kinds), std::end(audit_kinds),
                                   [event](const AuditKind& kind) { return kind.event == event; });
  CHAT_CHECK(found != std::end(audit_kinds));
  return found->limiter;
}

std::string utc(UnixMillis time) {
  constexpr UnixMillis kSecond = 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(time / kSecond), time % kSecond);
}

}  // namespace

void audit(const ServiceContext& context, std::string_view event, const session::Session& session,
           UserId user, GroupId group) {
  if (!log::audit_enabled()) return;
  const auto suppressed = audit_limiter_of(event, user).admit(context.clock.now());
  if (!suppressed) return;
  std::string line;
  protocol::JsonWriter json(line);
  json.begin_object()
      .field("time", std::string_view(utc(context.clock.unix_millis())))
      .field("event", event)
      .field("user", user.value);
  if (group) json.field("group", group.value);
  json.field("address", std::string_view(session.peer().to_string()))
      .field("node", std::string_view(context.options.node));
  if (*suppressed > 0) json.field("suppressed", static_cast<std::int64_t>(*suppressed));
  json.end_object();
  log::audit(line);
}

void audit(const ServiceContext& context, const OperatorAct& act) {
  log::info("event={} operator={} user={} group={} changed={}", act.event, act.uid, act.user.value,
            act.group.value, act.changed);
  if (!log::audit_enabled()) return;
  std::string line;
  protocol::JsonWriter json(line);
  json.begin_object()
      .field("time", std::string_view(utc(context.clock.unix_millis())))
      .field("event", act.event);
  if (act.user) json.field("user", act.user.value);
  if (act.group) json.field("group", act.group.value);
  if (!act.changed) json.field("changed", false);
  json.field("operator", std::int64_t{act.uid})
      .field("node", std::string_view(context.options.node))
      .end_object();
  log::audit(line);
}

}  // namespace chat::service
