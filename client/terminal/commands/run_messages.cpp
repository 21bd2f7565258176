// What the commands about single messages and conversations do.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/protocol/messages/inbox_messages.h"
#include "chat/protocol/messages/revision_messages.h"
#include "client/core/mentions.h"
#include "client/terminal/commands/command.h"
#include "client/terminal/terminal_client.h"

namespace chat::client::command {
namespace {

constexpr int kInboxLimit = 20;

// Sets the target of a request.
template <typename Message>
Message to(const Target& target, Message message) {
  if (target.group) {
    message.groupid = target.group;
  } else {
    message.toid = target.user;
  }
  return message;
}

Question question_of(TerminalClient& client, const char* command, const Target& target) {
  Question out{.command = command};
  if (target.group) out.where = client.session().names().group(target.group);
  if (target.user) out.who = client.session().names().user(target.user);
  return out;
}

// A direct chat has a stream for each author, and the server takes a seq for one of the user's.
void not_own(TerminalClient& client) {
  client.show({event::Usage{"that message is not yours"}});
}

// RECALL and EDIT: on a terminal the transcript shows the change.
template <typename Message>
void change(TerminalClient& client, const char* command, const ShownMessage& message,
            Message request, const event::MessageExtras& act, const std::string& text) {
  Question question = question_of(client, command, message.conversation);
  question.quiet = client.on_terminal();
  const Answer answer = client.session().request(std::move(request), std::move(question));
  client.expect(command, answer);
  if (!client.on_terminal()) return;
  if (const auto* done = answer.event.as<event::Done>()) {
    return client.show_own_act(message, done->seq, act, text);
  }
  if (answer.event.as<event::Refused>()) client.show(answer.event);
}

using Conversations = std::vector<event::Conversation>;

// All of them; fewer if the server does not answer. Tells the read positions.
Conversations read_conversations(TerminalClient& client, bool shows_refusal) {
  constexpr int kPagesMost = 20;
  Conversations out;
  protocol::messages::Inbox request{.limit = static_cast<int>(protocol::kInboxMax)};
  std::string cursor;  // `request` refers to it
  for (int page = 0; page < kPagesMost; ++page) {
    const Answer answer = client.session().request(request, {.command = "inbox", .quiet = true});
    client.expect("inbox", answer);
    const auto* refused = answer.event.as<event::Refused>();
    const bool older = refused != nullptr && refused->is(protocol::Errno::kUnknownMsgid);
    if (older) client.reads().do_without_inbox();
    if (refused != nullptr && !older && shows_refusal) client.show(answer.event);
    const auto* inbox = answer.event.as<event::Inbox>();
    if (inbox == nullptr) break;
    client.set_knows_typing();
    client.reads().apply(answer.event);
    out.insert(out.end(), inbox->conversations.begin(), inbox->conversations.end());
    cursor = inbox->cursor;
    if (cursor.empty()) {
      client.reads().end_inbox();
      break;
    }
    request.cursor = cursor;
  }
  return out;
}

}  // namespace

void Recall::run(TerminalClient& client) const {
  if (!client.need_login("recall")) return;
  const auto message = client.find_message(number, true);
  if (!message) return;
  // In a group, admins may recall other members' messages.
  if (!message->own && !message->conversation.group) return not_own(client);
  change(client, "recall", *message,
         to(message->conversation, protocol::messages::Recall{.seq = message->seq}),
         {.kind = "recall", .ref = message->seq}, "");
}

void Edit::run(TerminalClient& client) const {
  if (!client.need_login("edit") || (number == 0 && client.is_message(text))) return;
  const auto message = client.find_message(number, true);
  if (!message) return;
  if (!message->own) return not_own(client);
  change(client, "edit", *message,
         to(message->conversation, protocol::messages::Edit{.seq = message->seq, .msg = text}),
         {.kind = "edit", .ref = message->seq}, text);
}

void Reply::run(TerminalClient& client) const {
  if (number == 0 && client.is_message(text)) return;
  const auto message = client.find_message(number, false);
  if (!message) return;
  event::MessageExtras extras;
  extras.reply =
      event::ReplyRef{message->conversation.group ? UserId{} : message->from, message->seq};
  client.write(message->conversation, text, extras);
}

void Readers::run(TerminalClient& client) const {
  if (!client.need_login("readers")) return;
  const auto message = client.find_message(number, true);
  if (!message) return;
  if (!message->conversation.group) {
    return client.show({event::Usage{"/readers is for groups; ✓✓ shows it in a chat of two"}});
  }
  protocol::messages::Readers request{.groupid = message->conversation.group, .seq = message->seq};
  const Question question = question_of(client, "readers", message->conversation);
  client.show_pages("readers", [&session = client.session(), request,
                                question](const std::string& cursor) mutable {
    if (!cursor.empty()) request.cursor = cursor;
    return session.request(request, question);
  });
}

void Inbox::run(TerminalClient& client) const {
  if (!client.need_login("inbox")) return;
  client.show_pages("inbox", [&session = client.session()](const std::string& cursor) {
    protocol::messages::Inbox request{.limit = kInboxLimit};
    if (!cursor.empty()) request.cursor = cursor;
    return session.request(request, {.command = "inbox"});
  });
}

void SetConversation::run(TerminalClient& client) const {
  static constexpr const char* kWords[] = {"pin", "unpin", "silence", "unsilence", "hide"};
  const char* const command = kWords[static_cast<int>(setting)];
  if (!client.need_login(command)) return;
  const auto target = of ? client.find_target(command, *of) : client.need_current();
  if (!target) return;
  protocol::messages::SetConversation request;
  if (target->group) request.groupid = target->group;
  if (target->user) request.with = target->user;
  switch (setting) {
    case Setting::kPin: request.pinned = true; break;
    case Setting::kUnpin: request.pinned = false; break;
    case Setting::kSilence: request.muted = true; break;
    case Setting::kUnsilence: request.muted = false; break;
    case Setting::kHide: request.hidden = true; break;
  }
  const Answer answer = client.session().request(request, question_of(client, command, *target));
  client.expect(command, answer);
  if (answer.ok() && request.muted) client.silence(*target, *request.muted);
}

void show_unread(TerminalClient& client) {
  const Conversations all = read_conversations(client, true);
  event::Inbox unread{.self = client.session().self(), .at_login = true};
  for (const event::Conversation& each : all) {
    if (each.muted) client.silence(each.target, true);
    if (each.unread > 0 || each.mentions > 0) unread.conversations.push_back(each);
  }
  if (!all.empty()) client.show({std::move(unread)});
}

void read_unread_counts(TerminalClient& client) {
  read_conversations(client, false);
}

}  // namespace chat::client::command
