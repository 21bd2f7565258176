// The requests about the user's own account.
#include <string>
#include <string_view>

#include "chat/protocol/messages/account_messages.h"
#include "client/core/client_session.h"
#include "client/core/wire/request_json.h"

namespace chat::client {

namespace messages = protocol::messages;

Answer ClientSession::change_password(std::string_view password, std::string_view new_password) {
  return ask(messages::ChangePassword{.password = std::string(password),
                                      .new_password = std::string(new_password)});
}

Answer ClientSession::delete_account(std::string_view password) {
  return ask(messages::DeleteAccount{.password = std::string(password)});
}

Answer ClientSession::sessions() {
  return ask(messages::Sessions{});
}

Answer ClientSession::revoke_session(std::string_view session) {
  return ask(request::revoke_session(session));
}

}  // namespace chat::client
