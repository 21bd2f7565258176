#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 3: accounts and their tokens.
namespace chat::protocol::messages {

struct Register {
  static constexpr Msgid kMsgid = Msgid::kRegister;
  std::string name{};
  std::string password{};
  std::optional<std::string> invite{};  // a code, where registration is by invitation
  static constexpr auto fields() {
    return field_list(field("name", &Register::name), field("password", &Register::password),
                      field("invite", &Register::invite));
  }
};

struct RegisterReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kRegister);
  UserId id{};
  static constexpr auto fields() { return field_list(field("id", &RegisterReply::id)); }
};

struct ChangePassword {
  static constexpr Msgid kMsgid = Msgid::kChangePassword;
  std::optional<UserId> sender{};
  std::string password{};
  std::string new_password{};
  static constexpr auto fields() {
    return field_list(sender_field(&ChangePassword::sender),
                      field("password", &ChangePassword::password),
                      field("new_password", &ChangePassword::new_password));
  }
};

struct ChangePasswordReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kChangePassword);
  std::int64_t revoked = 0;
  static constexpr auto fields() {
    return field_list(field("revoked", &ChangePasswordReply::revoked));
  }
};

struct DeleteAccount {
  static constexpr Msgid kMsgid = Msgid::kDeleteAccount;
  std::optional<UserId> sender{};
  std::string password{};
  static constexpr auto fields() {
    return field_list(sender_field(&DeleteAccount::sender),
                      field("password", &DeleteAccount::password));
  }
};

struct DeleteAccountReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kDeleteAccount);
  static constexpr auto fields() { return field_list(); }
};

struct Sessions {
  static constexpr Msgid kMsgid = Msgid::kSessions;
  std::optional<UserId> sender{};
  static constexpr auto fields() { return field_list(sender_field(&Sessions::sender)); }
};

struct SessionItem {
  std::string_view session{};
  UnixMillis created = 0;
  UnixMillis expires = 0;
  bool current = false;
  static constexpr auto fields() {
    return field_list(
        field("session", &SessionItem::session), field("created", &SessionItem::created),
        field("expires", &SessionItem::expires), field("current", &SessionItem::current));
  }
};

struct SessionsReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kSessions);
  std::vector<SessionItem> sessions{};
  static constexpr auto fields() { return field_list(field("sessions", &SessionsReply::sessions)); }
};

// Revokes one session, or all but the current one.
struct RevokeSession {
  static constexpr Msgid kMsgid = Msgid::kRevokeSession;
  std::optional<UserId> sender{};
  std::optional<std::string> session{};
  bool others = false;
  static constexpr auto fields() {
    return field_list(sender_field(&RevokeSession::sender),
                      field("session", &RevokeSession::session),
                      flag_field("others", &RevokeSession::others));
  }
};

struct RevokeSessionReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kRevokeSession);
  std::int64_t revoked = 0;
  static constexpr auto fields() {
    return field_list(field("revoked", &RevokeSessionReply::revoked));
  }
};

}  // namespace chat::protocol::messages
