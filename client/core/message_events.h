#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/ids.h"
#include "client/core/contacts.h"

// Events about messages and conversations, as plain values (event.h).
namespace chat::client::event {

// The fields of a message that tells of a change in its group; its text says the same in English.
struct GroupNotice {
  std::string event;  // "joined", "left", "removed", "role", "muted" …
  UserId by{};
  UserId user{};
  bool repeat = false;        // the reader knows it already
  std::string role{};         // the new one
  UnixMillis until = 0;       // of a mute
  Group settings{};           // those that have changed
  bool changes_desc = false;  // this and the next may have become empty
  bool changes_announcement = false;
};
// A message answered by another: in a direct chat the author and the seq in the author's stream.
struct ReplyRef {
  UserId id{};  // 0 in a group
  Seq seq = 0;
  friend bool operator==(const ReplyRef&, const ReplyRef&) = default;
};
// What a message carries beside its text.
struct MessageExtras {
  std::string kind{};  // "recall" or "edit", of the message `ref`; empty: a text
  Seq ref = 0;
  std::optional<ReplyRef> reply{};
  std::vector<UserId> at{};  // mentioned
  bool at_all = false;
  bool recalled = false;
  bool edited = false;
};
struct Message {
  UserId from;
  std::string name;
  GroupId group;  // 0 for a direct message
  std::string text;
  std::string time;
  UnixMillis ts = 0;
  Seq seq = 0;
  std::string cid;
  std::string group_name{};
  UserId to{};                          // of a direct message; 0 if unknown
  std::optional<GroupNotice> notice{};  // set: nobody wrote this
  MessageExtras extras{};
};
// INBOX counts it for the reader: a text of somebody else.
inline bool counts_as_unread(const Message& message, UserId reader) {
  return message.from != reader && !message.notice && message.extras.kind.empty();
}
// A person sees it in HISTORY. The messages that edits and recalls concern are in their final
// state.
inline bool shows_in_history(const Message& message) {
  return message.extras.kind.empty() && !(message.notice && message.notice->repeat);
}
// One line of the inbox.
struct Conversation {
  Target target{};
  std::string name{};
  std::int64_t unread = 0;
  std::int64_t mentions = 0;
  Seq read_seq = 0;  // the reader's position
  Seq last_seq = 0;  // of the newest message, if it is in the stream that is read; else 0
  bool pinned = false;
  bool muted = false;
  UserRef last_by{};  // this and the next of its newest message
  std::string last_text{};
  UnixMillis last_ts = 0;
  bool last_recalled = false;
};
struct Inbox {
  std::vector<Conversation> conversations{};  // newest first
  std::string cursor{};                       // for the older ones; empty: none
  UserId self{};                              // the reader
  bool at_login = false;                      // only what is unread: a short summary
};
struct Readers {  // who has read a message of a group
  GroupRef group{};
  std::int64_t read = 0;
  std::int64_t members = 0;
  std::vector<UserRef> users{};
  std::string cursor{};
};
struct Typing {  // another user begins or ceases to type; not shown as a line
  UserId id{};
  GroupId group{};  // 0: to the reader
  bool on = false;
};

}  // namespace chat::client::event
