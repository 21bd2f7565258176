#pragma once

#include "account_service.h"
#include "chat_allowance.h"
#include "chat_service.h"
#include "contact_service.h"
#include "group_service.h"
#include "history_service.h"
#include "list_service.h"
#include "login_service.h"
#include "passwords.h"
#include "stream_service.h"
#include "system_service.h"

namespace chat::service {

// All handlers, made once by the dispatcher.
struct Handlers {
  explicit Handlers(ServiceContext& context)
      : allowance(context.options.chat_per_second, context.clock),
        passwords(context),
        login(context, passwords, allowance),
        account(context, passwords, login),
        contact(context),
        group(context),
        chat(context, allowance),
        stream(context),
        history(context),
        list(context),
        system(context) {}

  ChatAllowance allowance;
  Passwords passwords;
  LoginService login;
  AccountService account;
  ContactService contact;
  GroupService group;
  ChatService chat;
  StreamService stream;
  HistoryService history;
  ListService list;
  SystemService system;
};

}  // namespace chat::service
