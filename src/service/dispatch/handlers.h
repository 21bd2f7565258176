#pragma once

#include "chat/service/moderation.h"
#include "service/account/account_service.h"
#include "service/credentials/passwords.h"
#include "service/dispatch/act_rates.h"
#include "service/dispatch/system_service.h"
#include "service/groups/group_acts.h"
#include "service/groups/group_service.h"
#include "service/groups/join_service.h"
#include "service/groups/member_service.h"
#include "service/login/login_service.h"
#include "service/messages/chat_allowance.h"
#include "service/messages/chat_service.h"
#include "service/messages/history_service.h"
#include "service/messages/inbox_service.h"
#include "service/messages/revision_service.h"
#include "service/messages/stream_service.h"
#include "service/messages/typing_service.h"
#include "service/operation/registration_policy.h"
#include "service/people/contact_service.h"
#include "service/people/find_service.h"
#include "service/people/list_service.h"
#include "service/people/profile_service.h"

namespace chat::service {

// All handlers, made once by the dispatcher.
struct Handlers {
  explicit Handlers(ServiceContext& context)
      : act_rates(context),
        allowance(context.options.chat_per_second, context.clock),
        passwords(context),
        login(context, passwords, allowance),
        registration(context),
        account(context, passwords, login, registration),
        moderation(context, account, registration),
        contact(context),
        group_acts(context),
        group(context),
        member(context, group_acts),
        joining(context, group_acts),
        revision(context, group_acts),
        chat(context, allowance),
        stream(context),
        history(context),
        inbox(context),
        list(context),
        profile(context),
        find(context),
        system(context),
        typing(context) {}

  ActRates act_rates;
  ChatAllowance allowance;
  Passwords passwords;
  LoginService login;
  RegistrationPolicy registration;
  AccountService account;
  Moderation moderation;
  ContactService contact;
  GroupActs group_acts;
  GroupService group;
  MemberService member;
  JoinService joining;
  RevisionService revision;
  ChatService chat;
  StreamService stream;
  HistoryService history;
  InboxService inbox;
  ListService list;
  ProfileService profile;
  FindService find;
  SystemService system;
  TypingService typing;
};

}  // namespace chat::service
