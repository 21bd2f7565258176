// What a session asks of the user's own account.
#include <string>
#include <string_view>

#include "chat/protocol/msgid.h"
#include "client/core/client_session.h"
#include "client/core/request_json.h"

namespace chat::client {

using protocol::Msgid;

Answer ClientSession::change_password(std::string_view password, std::string_view new_password) {
  return ask({.request = Msgid::kChangePassword},
             [&](auto cid) { return request::change_password(cid, password, new_password); });
}

Answer ClientSession::delete_account(std::string_view password) {
  return ask({.request = Msgid::kDeleteAccount},
             [&](auto cid) { return request::delete_account(cid, password); });
}

Answer ClientSession::sessions() {
  return ask({.request = Msgid::kSessions}, [](auto cid) { return request::sessions(cid); });
}

Answer ClientSession::revoke_session(std::string_view session) {
  return ask({.request = Msgid::kRevokeSession},
             [&](auto cid) { return request::revoke_session(cid, session); });
}

}  // namespace chat::client
