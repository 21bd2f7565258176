#pragma once

#include "account_service.h"
#include "chat_service.h"
#include "contact_service.h"
#include "group_service.h"
#include "login_service.h"
#include "system_service.h"

namespace chat::service {

// All handlers, made once by the dispatcher.
struct Handlers {
  explicit Handlers(ServiceContext& context)
      : login(context),
        account(context),
        contact(context),
        group(context),
        chat(context),
        system(context) {}

  LoginService login;
  AccountService account;
  ContactService contact;
  GroupService group;
  ChatService chat;
  SystemService system;
};

}  // namespace chat::service
