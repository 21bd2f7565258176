#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "client/core/event.h"

namespace chat::client {

// How far a message of the user's own has come.
enum class Progress : std::uint8_t { kSending, kStored, kDelivered, kRead, kFailed };

// Another place on the screen that shows a message's text: an earlier print of it, a typed line.
struct PrintedCopy {
  std::uint64_t print = 0;
  std::string instead{};  // once the message is recalled; empty: the message's line
};

// A message on a person's screen, with the short number that commands may use for it.
struct ShownMessage {
  int number = 0;
  Target conversation{};
  UserId from{};
  std::string name{};  // of its author
  bool own = false;
  Seq seq = 0;  // 0: not stored yet
  std::string cid{};
  std::string text{};
  std::string clock{};  // "14:32"
  std::string place{};  // its conversation, unless that was the current one
  event::MessageExtras extras{};
  Progress progress = Progress::kSending;
  Seq changed_by = 0;       // the newest recall or edit of it
  bool earlier = false;     // read again: it may be older than those shown before it
  std::uint64_t print = 0;  // see LineEditor::print_over(); 0: unknown
  std::vector<PrintedCopy> copies{};

  bool answers(const ShownMessage& other) const;  // is a reply to it
};

// The latest messages on the screen.
// Threading: externally synchronised. Bounds: kMax messages, and kCopiesMost of
// each; numbers begin again after kMax.
class ShownMessages {
 public:
  static constexpr std::size_t kMax = 999;
  static constexpr std::size_t kCopiesMost = 50;

  // Gives it the next number; a message that is shown again keeps its number. Valid until the next
  // call.
  ShownMessage& add(ShownMessage message);

  ShownMessage* numbered(int number);
  ShownMessage* of(const Target& conversation, UserId from, Seq seq);
  ShownMessage* of_cid(const std::string& cid);
  // The oldest own message of the conversation that is still being sent.
  ShownMessage* first_sending(const Target& conversation);
  // The newest one that is not recalled. One of the user's own may not be stored, or be refused:
  // commands must not take an older one for it.
  ShownMessage* last(const Target& conversation, bool own);
  // `number` is on the screen as that print, and elsewhere.
  void printed(int number, std::uint64_t print);
  void copied(int number, PrintedCopy copy);
  // Another account begins. Its numbers go on, as those before are still on the screen.
  void forget() { messages_.clear(); }

  std::deque<ShownMessage>& all() { return messages_; }
  const std::deque<ShownMessage>& all() const { return messages_; }

 private:
  std::deque<ShownMessage> messages_;  // oldest first
  int last_number_ = 0;
};

}  // namespace chat::client
