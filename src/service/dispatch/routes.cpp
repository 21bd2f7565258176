#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "chat/protocol/messages/catalogue.h"
#include "chat/session/coroutine.h"
#include "service/dispatch/handlers.h"
#include "service/dispatch/replies.h"
#include "service/dispatch/route.h"

namespace chat::service {
namespace {

using protocol::Errno;
using protocol::Refusal;
using protocol::Request;
using session::Coroutine;
using session::Session;
using SessionPtr = std::shared_ptr<Session>;

// A coroutine may throw long after its handler has returned.
Coroutine<> answer_faults(SessionPtr session, RequestHead request, Coroutine<> handling) {
  try {
    co_await handling;
  } catch (const std::exception& fault) {
    session->answer_fault(request, fault);
  }
}

template <typename Message, auto Member, auto Method>
void handle(const Route& route, Handlers& handlers, Session& session, Request& request) {
  auto typed = read_request<Message>(route.access, request, session.identity().user);
  if (!typed) return refuse(session, protocol::head_of(request), typed.error());
  const auto wait = handlers.act_rates.take(session.identity().user, route.charge);
  if (wait.count() > 0) return refuse(session, *typed, rate_limited(wait));
  auto& service = handlers.*Member;
  using Typed = Received<Message>;
  if constexpr (std::is_invocable_v<decltype(Method), decltype(service), SessionPtr, Typed>) {
    const SessionPtr self = session.shared_from_this();
    const RequestHead head = *typed;
    session::start(answer_faults(self, head, (service.*Method)(self, std::move(*typed))));
  } else {
    (service.*Method)(session, std::move(*typed));
  }
}

// The resources for handling a request: memory only, the database, or the database and a hash.
enum class Work { kQuick, kBlocking, kCredentials };

template <typename Message, auto Member, auto Method>
constexpr Route route(Access access, Work work, Charge charge = Charge::kNothing) {
  return {{.blocks = work != Work::kQuick, .carries_credentials = work == Work::kCredentials},
          Message::kMsgid,
          access,
          charge,
          handle<Message, Member, Method>};
}

// A request of a logged-in user that needs the database.
template <typename Message, auto Member, auto Method>
constexpr Route costly(Charge charge) {
  return route<Message, Member, Method>(Access::kLoggedIn, Work::kBlocking, charge);
}

using H = Handlers;

constexpr std::array kRoutes{
    route<messages::Login, &H::login, &LoginService::login>(Access::kAnonymous, Work::kCredentials),
    route<messages::Logout, &H::login, &LoginService::logout>(Access::kLoggedIn, Work::kBlocking),
    route<messages::Register, &H::account, &AccountService::register_user>(Access::kAnyone,
                                                                           Work::kCredentials),
    route<messages::OneChat, &H::chat, &ChatService::one_chat>(Access::kLoggedIn, Work::kQuick),
    costly<messages::AddFriend, &H::contact, &ContactService::add_friend>(Charge::kAct),
    costly<messages::CreateGroup, &H::group, &GroupService::create>(Charge::kAct),
    costly<messages::AddGroup, &H::joining, &JoinService::handle_join>(Charge::kAct),
    route<messages::GroupChat, &H::chat, &ChatService::group_chat>(Access::kLoggedIn, Work::kQuick),
    route<messages::Hello, &H::system, &SystemService::hello>(Access::kAnyone, Work::kQuick),
    route<messages::Ping, &H::system, &SystemService::ping>(Access::kAnyone, Work::kQuick),
    route<messages::Delivered, &H::stream, &StreamService::delivered>(Access::kLoggedIn,
                                                                      Work::kQuick),
    route<messages::Read, &H::stream, &StreamService::read>(Access::kLoggedIn, Work::kQuick),
    route<messages::Sync, &H::stream, &StreamService::sync>(Access::kLoggedIn, Work::kBlocking),
    route<messages::History, &H::history, &HistoryService::history>(Access::kLoggedIn,
                                                                    Work::kBlocking),
    route<messages::ChangePassword, &H::account, &AccountService::change_password>(
        Access::kLoggedIn, Work::kCredentials),
    route<messages::DeleteAccount, &H::account, &AccountService::delete_account>(
        Access::kLoggedIn, Work::kCredentials),
    costly<messages::Sessions, &H::account, &AccountService::list_sessions>(Charge::kRead),
    costly<messages::RevokeSession, &H::account, &AccountService::revoke_session>(Charge::kAct),
    costly<messages::GroupInfo, &H::list, &ListService::group_info>(Charge::kRead),
    costly<messages::List, &H::list, &ListService::list>(Charge::kRead),
    costly<messages::FriendAnswer, &H::contact, &ContactService::answer>(Charge::kAct),
    costly<messages::RemoveFriend, &H::contact, &ContactService::remove_friend>(Charge::kAct),
    costly<messages::Block, &H::contact, &ContactService::block>(Charge::kAct),
    costly<messages::UserInfo, &H::profile, &ProfileService::user_info>(Charge::kRead),
    costly<messages::SetProfile, &H::profile, &ProfileService::set_profile>(Charge::kAct),
    route<messages::Find, &H::find, &FindService::find>(Access::kLoggedIn, Work::kBlocking),
    costly<messages::LeaveGroup, &H::member, &MemberService::leave>(Charge::kAct),
    costly<messages::RemoveMember, &H::member, &MemberService::remove>(Charge::kAct),
    costly<messages::SetRole, &H::member, &MemberService::set_role>(Charge::kAct),
    costly<messages::Mute, &H::member, &MemberService::mute>(Charge::kAct),
    costly<messages::SetGroup, &H::member, &MemberService::change_settings>(Charge::kAct),
    costly<messages::JoinAnswer, &H::joining, &JoinService::answer>(Charge::kAct),
    costly<messages::Invite, &H::joining, &JoinService::invite>(Charge::kAct),
    costly<messages::DismissGroup, &H::member, &MemberService::dismiss>(Charge::kAct),
    costly<messages::Recall, &H::revision, &RevisionService::recall>(Charge::kAct),
    costly<messages::Edit, &H::revision, &RevisionService::edit>(Charge::kAct),
    route<messages::Typing, &H::typing, &TypingService::typing>(Access::kLoggedIn, Work::kQuick),
    costly<messages::Readers, &H::inbox, &InboxService::readers>(Charge::kRead),
    costly<messages::Inbox, &H::inbox, &InboxService::inbox>(Charge::kRead),
    costly<messages::SetConversation, &H::inbox, &InboxService::set_conversation>(Charge::kAct),
};

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

const Route* route_of(int msgid) {
  const auto found = std::lower_bound(
      kRoutes.begin(), kRoutes.end(), msgid,
      [](const Route& route, int wanted) { return static_cast<int>(route.msgid) < wanted; });
  return found != kRoutes.end() && static_cast<int>(found->msgid) == msgid ? &*found : nullptr;
}

std::optional<Refusal> check_access(Access access, UserId user) {
  if (access == Access::kLoggedIn && !user) {
    return Refusal{Errno::kNotLoggedIn, "log in first", std::nullopt};
  }
  if (access == Access::kAnonymous && user) {
    return Refusal{Errno::kAlreadyLoggedIn, "this connection is logged in already", std::nullopt};
  }
  return std::nullopt;
}

std::optional<Refusal> check_sender(UserId sender, UserId user) {
  if (sender == user) return std::nullopt;
  return Refusal{Errno::kNotAllowed, "id is not that of the user logged in on this connection",
                 std::nullopt};
}

}  // namespace chat::service
