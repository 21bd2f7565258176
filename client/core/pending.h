#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>

#include "chat/base/mutex.h"
#include "chat/protocol/msgid.h"
#include "client/core/event.h"

namespace chat::client {

// The details of a request that are needed to interpret its reply.
struct Question {
  protocol::Msgid request{};
  Target target = {};     // for a chat
  std::string name = {};  // register, creategroup: the requested name
  std::string desc = {};  // creategroup
  UserId user = {};       // logout: the user
  bool again = false;     // login: automatic, after a lost connection
  // Of requests about people and groups: the command as typed ("kick"), and what it mentions.
  std::string command = {};
  UserRef who = {};
  GroupRef where = {};
  std::chrono::seconds duration{0};
  bool further = false;     // group: asks for a further page of the members
  bool quiet = false;       // the answer is not shown: its sender decides
  bool unasked = false;     // nobody asked for it: it is waited for briefly, and not missed
  bool at_all = false;      // a chat that mentions everybody
  bool needs_user = false;  // not_found means that the user does not exist
};

// The command as typed by the user: "login", "chat" … …
std::string command_name(const Question& question);
// Of a refused TYPING, which has no command.
inline constexpr const char* kTypingCommand = "typing";

// The outcome of a request.
struct Answer {
  enum class Status {
    kOk,
    kRefused,       // the server refused: `event` is a Refused
    kTimedOut,      // no answer in time; it may still arrive
    kDisconnected,  // there was no connection, or it ended first
    kNotSent,       // the request is impossible: `event` is a Usage
  };
  Status status = Status::kDisconnected;
  Event event = {};

  bool ok() const { return status == Status::kOk; }
};

// One request in flight. The receiving thread fills `answer`, sets the flag and then raises the
// semaphore; the sending thread waits for the semaphore but trusts only the flag. Each request has
// its own pair, so a late answer cannot be mistaken for that of the next request, the bug by which
// a second login after a logout hung in programs with one global semaphore.
struct Pending {
  explicit Pending(Question asked) : question(std::move(asked)) {}

  const Question question;
  Answer answer;
  std::atomic<bool> answered{false};
  std::binary_semaphore arrived{0};
};

// The unanswered requests, by cid. Threading: thread-safe. Bounds: one chat per stream (see
// Outbox); other requests block their caller, so there are few.
class PendingTable {
 public:
  using Item = std::shared_ptr<Pending>;

  // Nothing if the table is closed.
  Item add(const std::string& cid, Question question);

  // The request that a message with this cid and msgid answers. Nothing if there is none.
  Item find(std::string_view cid, int msgid);

  // The request is answered and shown: removes it and resumes its sender.
  void finish(const std::string& cid, Answer answer);

  // Ends all requests, present and future, with kDisconnected until open().
  void close();
  void open();

 private:
  base::Mutex mutex_;
  std::map<std::string, Item, std::less<>> items_ CHAT_GUARDED_BY(mutex_);
  bool closed_ CHAT_GUARDED_BY(mutex_) = true;
};

}  // namespace chat::client
