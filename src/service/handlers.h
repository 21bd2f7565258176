#pragma once

#include "service/account_service.h"
#include "service/chat_allowance.h"
#include "service/chat_service.h"
#include "service/contact_service.h"
#include "service/group_service.h"
#include "service/history_service.h"
#include "service/list_service.h"
#include "service/login_service.h"
#include "service/passwords.h"
#include "service/stream_service.h"
#include "service/system_service.h"

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
