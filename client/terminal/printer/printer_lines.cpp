#include <fmt/format.h>

#include <string_view>

#include "client/core/text.h"
#include "client/terminal/printer/people_lines.h"
#include "client/terminal/printer/printer.h"

namespace chat::client {

const char* const kLineHelp = R"(  connected host="127.0.0.1" port=6000 [tls=TLSv1.3]
  registered id=1 name="alice"
  logged_in id=1 name="alice" friends=1 groups=1 offline=1 [more=true] [more_friends=true]
            [more_groups=true]   followed by that many friend, group and message lines
  logged_out id=1
  password_changed revoked=1     account_deleted     sessions_revoked count=1
  sessions count=1               followed by: session id=… created=MS expires=MS current=true
  current to=2   or   current group=1
  inbox count=1 more=false       followed by the conversation lines
  conversation to=2 name="bob" unread=3 mentions=0 pinned=false muted=false ts=MS text="…"
  readers group=1 read=3 members=5 more=false   followed by reader lines: reader id=2 name="bob"
  friends count=1                followed by the friend lines
  friend id=2 name="bob" state=online
  groups count=1                 followed by the group and member lines
  group id=1 name="team" desc="" members=1 [joining=open] [role=admin] [muted_until=MS]
        [dismissed=true] [announcement="…"]       group_settings …: likewise, after a change
  member group=1 id=1 name="alice" state=online role=creator [muted_until=MS]
  friend_added id=2 name="bob" state=offline
  group_created id=1 name="team"
  group_joined id=1 name="team" desc="" members=1   followed by the member lines
  sent to=2 seq=1   or   sent group=1 seq=1
  held to=2 error=busy           the server cannot take it now; it is sent again until it is taken
  queued to=2                    there is no connection now; it is sent after reconnecting
  unsent count=2                 chats that have no answer and are not sent again
  message from=2 name="bob" seq=1 time="2024-05-01 10:00:00" text="hello"
  group_message group=1 from=2 name="bob" seq=1 time="2024-05-01 10:00:00" text="hello"
  edited [group=1] from=2 name="bob" seq=3 ref=1 time="…" text="…"     message 1 now has this text
  recalled [group=1] from=2 name="bob" seq=4 ref=1 time="…" text="…"   message 1 was taken back
  history to=2 count=20 more=true   followed by that many message lines, also edited and recalled
  presence id=2 name="bob" state=online
  contact id=3 name="carol" [event=request] [text="…"]   event: added, request, accepted, removed
  group_changed group=1 change=joined [id=3 name="carol"] [by=1] [groupname="team"] [text="…"]
  group_notice group=1 seq=5 time="…" event=removed [by=1] [user=3] text="alice removed carol"
  done command=kick [id=3 name="carol"] [group=1 groupname="team"] [until=MS]
  requested id=3 name="carol"    or   requested group=1 groupname="team": somebody has to accept
  invite_code group=1 groupname="team" code="…" expires=MS
  users count=1 more=false       followed by the user lines
  user id=3 name="carol" [nick="…"] [bio="…"] [avatar="…"] [state=online] [friend=true]
       [blocked=true] [who_may_add=anyone] [who_may_chat=anyone]   profile_changed …: likewise
  requests count=1 sent=1 joins=1 invitations=1   followed by request, sent_request,
       join_request and invitation lines
  blocked count=1                followed by the user lines
  receipt KEY=VALUE…   push msgid=N KEY=VALUE…   anything else from the server
  bye reason="shutdown" reconnect_after_ms=500  (-1: do not come back by yourself)
  error command=chat errno=20 error=not_logged_in errmsg="…" [to=2|group=1] [retry_after_ms=N]
  timeout command=login after_ms=10000
  unanswered command=add         the connection was lost before the answer, and is to come back
  usage errmsg="…"               a line that is no command
  help text="…"
  fault errmsg="…"               the server broke the protocol
  disconnected reason="…"
  reconnecting after_ms=500 reason="…"
)";

namespace {

std::string target_field(const Target& target) {
  if (target.group) return fmt::format(" group={}", target.group.value);
  if (target.user) return fmt::format(" to={}", target.user.value);
  return {};
}

std::string notice_line(const event::Message& message) {
  const event::GroupNotice& notice = *message.notice;
  std::string out =
      fmt::format("group_notice group={} seq={} time={} event={}", message.group.value, message.seq,
                  quote(message.time), word(notice.event));
  if (notice.by) out += fmt::format(" by={}", notice.by.value);
  if (notice.user) out += fmt::format(" user={}", notice.user.value);
  return out + fmt::format(" text={}\n", quote(message.text));
}

// A change of an earlier message.
std::string revision_line(const event::Message& message) {
  const std::string group =
      message.group ? fmt::format(" group={}", message.group.value) : std::string();
  return fmt::format("{}{} from={} name={} seq={} ref={} time={} text={}\n",
                     message.extras.kind == "recall" ? "recalled" : "edited", group,
                     message.from.value, quote(message.name), message.seq, message.extras.ref,
                     quote(message.time), quote(message.text));
}

std::string message_line(const event::Message& message) {
  if (message.notice) return notice_line(message);
  if (!message.extras.kind.empty()) return revision_line(message);
  const std::string head =
      message.group ? fmt::format("group_message group={}", message.group.value) : "message";
  return fmt::format("{} from={} name={} seq={} time={} text={}\n", head, message.from.value,
                     quote(message.name), message.seq, quote(message.time), quote(message.text));
}

struct LineOf {
  std::string operator()(const std::monostate&) const { return {}; }
  std::string operator()(const event::ListPage&) const { return {}; }
  // The rest: about people and groups (people_lines.h).
  template <typename T>
  requires requires(const T& e) { line_of(e); }
  std::string operator()(const T& e) const { return line_of(e); }
  std::string operator()(const event::Pong&) const { return {}; }
  std::string operator()(const event::Connected& e) const {
    const std::string tls = e.tls.empty() ? "" : " tls=" + e.tls;
    return fmt::format("connected host={} port={}{}\n", quote(e.host), e.port, tls);
  }
  std::string operator()(const event::Registered& e) const {
    return fmt::format("registered id={} name={}\n", e.id.value, quote(e.name));
  }
  std::string operator()(const event::LoggedIn& e) const {
    std::string out =
        fmt::format("logged_in id={} name={} friends={} groups={} offline={}", e.id.value,
                    quote(e.name), e.friends.size(), e.groups.size(), e.offline.size());
    if (e.more) out += " more=true";
    if (e.more_friends) out += " more_friends=true";
    if (e.more_groups) out += " more_groups=true";
    out += '\n';
    for (const Friend& each : e.friends) out += friend_line("friend", each);
    for (const Group& each : e.groups) out += group_lines("group", each);
    for (const event::Message& each : e.offline) out += message_line(each);
    return out;
  }
  std::string operator()(const event::LoggedOut& e) const {
    return fmt::format("logged_out id={}\n", e.id.value);
  }
  std::string operator()(const event::PasswordChanged& e) const {
    return fmt::format("password_changed revoked={}\n", e.revoked);
  }
  std::string operator()(const event::AccountDeleted&) const { return "account_deleted\n"; }
  std::string operator()(const event::SessionList& e) const {
    std::string out = fmt::format("sessions count={}\n", e.sessions.size());
    for (const event::SessionInfo& each : e.sessions) {
      out += fmt::format("session id={} created={} expires={} current={}\n", word(each.session),
                         each.created, each.expires, each.current);
    }
    return out;
  }
  std::string operator()(const event::SessionsRevoked& e) const {
    return fmt::format("sessions_revoked count={}\n", e.revoked);
  }
  std::string operator()(const event::Sending&) const { return {}; }
  std::string operator()(const event::Sent& e) const {
    return fmt::format("sent{} seq={}\n", target_field(e.target), e.seq);
  }
  std::string operator()(const event::Queued& e) const {
    return fmt::format("queued{}\n", target_field(e.target));
  }
  std::string operator()(const event::Unsent& e) const {
    return fmt::format("unsent count={}\n", e.count);
  }
  std::string operator()(const event::Held& e) const {
    return fmt::format("held{} error={}\n", target_field(e.target), word(e.error));
  }
  std::string operator()(const event::Receipt& e) const {
    return fmt::format("receipt kind={} {}={} seq={}\n", word(e.kind), e.group ? "group" : "id",
                       e.group ? e.group.value : e.id.value, e.seq);
  }
  std::string operator()(const event::History& e) const {
    std::string out = fmt::format("history{} count={} more={}\n", target_field(e.target),
                                  e.messages.size(), !e.cursor.empty());
    for (const event::Message& each : e.messages) out += message_line(each);
    return out;
  }
  std::string operator()(const event::Reconnecting& e) const {
    return fmt::format("reconnecting after_ms={} reason={}\n", e.after.count(), quote(e.reason));
  }
  std::string operator()(const event::Refused& e) const {
    std::string out = "error";
    if (!e.command.empty()) out += " command=" + e.command;
    out += fmt::format(" errno={} error={} errmsg={}{}", e.code, word(e.error), quote(e.errmsg),
                       target_field(e.target));
    if (e.retry_after_ms) out += fmt::format(" retry_after_ms={}", *e.retry_after_ms);
    return out + '\n';
  }
  std::string operator()(const event::Message& e) const { return message_line(e); }
  std::string operator()(const event::Presence& e) const {
    return fmt::format("presence id={} name={} state={}\n", e.id.value, quote(e.name),
                       word(e.state));
  }
  std::string operator()(const event::Bye& e) const {
    return fmt::format("bye reason={} reconnect_after_ms={}\n", quote(e.reason),
                       e.reconnect_after_ms);
  }
  std::string operator()(const event::Announcement& e) const {
    return fmt::format("announcement ts={} text={}\n", e.ts, quote(e.text));
  }
  std::string operator()(const event::Notice& e) const {
    std::string out = e.kind;
    for (const auto& [key, value] : e.fields) out += fmt::format(" {}={}", word(key), value);
    return out + '\n';
  }
  std::string operator()(const event::Inbox& e) const {
    std::string out =
        fmt::format("inbox count={} more={}\n", e.conversations.size(), !e.cursor.empty());
    for (const event::Conversation& each : e.conversations) {
      out += fmt::format(
          "conversation{} name={} unread={} mentions={} pinned={} muted={} ts={} text={}\n",
          target_field(each.target), quote(each.name), each.unread, each.mentions, each.pinned,
          each.muted, each.last_ts, quote(each.last_text));
    }
    return out;
  }
  std::string operator()(const event::Readers& e) const {
    std::string out = fmt::format("readers group={} read={} members={} more={}\n", e.group.id.value,
                                  e.read, e.members, !e.cursor.empty());
    for (const UserRef& each : e.users) {
      out += fmt::format("reader id={} name={}\n", each.id.value, quote(each.name));
    }
    return out;
  }
  std::string operator()(const event::Typing&) const { return {}; }
  std::string operator()(const event::Current& e) const {
    return fmt::format("current{}\n", target_field(e.target));
  }
  std::string operator()(const event::FriendList& e) const {
    std::string out = fmt::format("friends count={}\n", e.friends.size());
    for (const Friend& each : e.friends) out += friend_line("friend", each);
    return out;
  }
  std::string operator()(const event::GroupList& e) const {
    std::string out = fmt::format("groups count={}\n", e.groups.size());
    for (const Group& each : e.groups) out += group_lines("group", each);
    return out;
  }
  std::string operator()(const event::Unanswered& e) const {
    return fmt::format("unanswered command={}\n", e.command);
  }
  std::string operator()(const event::TimedOut& e) const {
    return fmt::format("timeout command={} after_ms={}\n", e.command, e.after.count());
  }
  std::string operator()(const event::Usage& e) const {
    return fmt::format("usage errmsg={}\n", quote(e.text));
  }
  std::string operator()(const event::Help& e) const {
    return fmt::format("help text={}\n", quote(e.text));
  }
  std::string operator()(const event::Fault& e) const {
    return fmt::format("fault errmsg={}\n", quote(e.text));
  }
  std::string operator()(const event::Disconnected& e) const {
    return fmt::format("disconnected reason={}\n", quote(e.reason));
  }
};

}  // namespace

std::string to_line(const Event& event) {
  return std::visit(LineOf{}, event.what);
}

}  // namespace chat::client
