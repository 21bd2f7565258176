#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "client/core/contacts.h"
#include "client/core/event.h"

namespace chat::client {

// How far READ may go in each stream: it stands for everything before, so it must not pass a
// message that has never been on the screen.
//
// Messages are shown as they arrive. Hidden are those that an earlier session received but did not
// read: INBOX counts them among the unread ones, and they are not pushed again. While a stream has
// hidden messages, its position moves only over those shown in order from the first unread one.
// Until INBOX has told of a stream, after each login, nobody knows whether it has any, and its
// position does not move. A stream is named by its sender or its group.
// Threading: thread-safe. Bounds: kShownMost numbers for each stream, and one entry per stream.
class ReadPositions {
 public:
  static constexpr std::size_t kShownMost = 10'000;
  static constexpr std::chrono::seconds kInboxInterval{5};
  using Position = std::pair<Target, Seq>;

  // Learns from what is shown, from INBOX, and from the user's own messages: the server takes what
  // came before them as read. A login or logout begins anew, a reconnection does not.
  void apply(const Event& event);
  void shown(const event::History& page);
  // All up to `seq` has been shown, or all that INBOX counts.
  void shown_up_to(const Target& stream, Seq seq);
  void shown_all(const Target& stream);

  // True if a position waits for INBOX, which should be read now: at most every kInboxInterval.
  bool wants_inbox(base::SteadyTime now);
  // All of INBOX has been read: the conversations that it does not list are hidden ones.
  void end_inbox();
  // The server has none. Until the next login, streams have no hidden messages.
  void do_without_inbox();

  // How many unread messages of the conversation are hidden.
  std::int64_t hidden(const Target& stream) const;
  // Up to where everything has been shown. Meaningful while there are hidden messages.
  Seq seen_up_to(const Target& stream) const;

  // The position that READ may have now; 0: none. It counts as sent.
  Seq take(const Target& stream);
  // Those that have moved since they were taken.
  std::vector<Position> take_moved();
  // The position is to be sent (again), although it has not moved.
  void send_again(const Target& stream);

 private:
  struct Stream {
    Seq read = 0;        // the server's position, or a later one that was sent
    Seq seen = 0;        // all up to here has been shown
    Seq newest = 0;      // shown
    Seq counted_to = 0;  // `hidden` is about the messages up to here
    std::int64_t hidden = 0;
    std::set<Seq> shown{};  // texts of others past `read`
    bool moved = false;
    bool known = false;     // INBOX has told of it since the login, or it began afterwards
    bool unlisted = false;  // INBOX lacks it, until its next message
  };

  void learn_locked(const event::Inbox& inbox) CHAT_REQUIRES(mutex_);
  void show_locked(const event::Message& message) CHAT_REQUIRES(mutex_);
  Seq take_from(Stream& stream) const CHAT_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  UserId self_ CHAT_GUARDED_BY(mutex_);
  bool has_inbox_ CHAT_GUARDED_BY(mutex_) = true;  // the server
  base::SteadyTime next_inbox_ CHAT_GUARDED_BY(mutex_){};
  std::map<Target, Stream> streams_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::client
