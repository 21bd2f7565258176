#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/clock.h"
#include "client/core/event.h"
#include "client/core/name_book.h"
#include "client/terminal/printer/people_style.h"
#include "client/terminal/transcript/mark_style.h"
#include "client/terminal/transcript/shown_messages.h"

namespace chat::client {

// What a person's terminal shows of the conversations: local time, a line where a day begins, short
// numbers to refer to messages, and marks that change in place. Any other event is shown by
// to_people().
//
// Only decides what to print where; the caller prints, and reports each print.
// Threading: externally synchronised. Bounds: those of ShownMessages.
class Transcript {
 public:
  // Something to print.
  struct Output {
    std::string text{};
    std::uint64_t over = 0;  // replace this print; 0: print below
    bool over_entered_line = false;
    std::string otherwise{};  // instead, if it cannot be replaced; empty: nothing
    bool erases = false;      // `over` must lose its text: cut `text` to its rows
    int message = 0;          // the number of the message that it shows, for printed()
    int copy_of = 0;          // of a message whose text it repeats, for copied()
    std::string instead{};    // of a copy, once the message is recalled
    int typed = 0;            // of a message that the entered line shows unless it is replaced
    bool if_lost = false;     // `otherwise` only if that print is no longer known
    bool alerts = false;      // a direct message or a mention
  };
  struct Settings {
    bool color = false;
    MarkStyle marks = MarkStyle::kQuiet;
    bool changes_in_place = false;  // the terminal can do that; otherwise marks are lines
  };

  // `names` and `clock` must outlive it.
  Transcript(const Settings& settings, const NameBook& names,
             const base::Clock& clock = base::system_clock());

  std::vector<Output> show(const Event& event);
  // True if a message of the conversation was shown since the start.
  bool has_shown(const Target& conversation) const;
  // The message is on the screen as that print of the LineEditor.
  void printed(int message, std::uint64_t print) { messages_.printed(message, print); }
  void copied(int message, PrintedCopy copy) { messages_.copied(message, std::move(copy)); }

  // The user has recalled or edited a message, by the event `seq`: as if that were received. In a
  // note to oneself it is, before or after.
  std::vector<Output> show_own_act(const ShownMessage& of, Seq seq, const event::MessageExtras& act,
                                   const std::string& text);

  // The conversation that plain text goes to, if any; its messages are shown without its name.
  void set_current(std::optional<Target> current) { current_ = current; }

  // Its messages do not alert, except for mentions.
  void silence(const Target& conversation, bool silent);

  ShownMessages& messages() { return messages_; }

 private:
  struct Moment {
    std::string day;  // "2026-11-29"
    std::string clock;
    std::string long_day;
  };
  // How far others have received and read the user's own messages, by receipts and answers.
  struct Reached {
    Seq delivered = 0;
    Seq read = 0;
  };

  static Moment moment_of(UnixMillis ts, const std::string& time);
  Target conversation_of(const event::Message& message) const;
  std::string name_of(const Target& conversation, const PeopleStyle& style) const;

  void show_message(const event::Message& message, const Target& conversation,
                    std::vector<Output>& out, bool earlier = false);
  void show_act(const event::Message& message, const Target& conversation,
                std::vector<Output>& out);
  void show_login(const event::LoggedIn& login, std::vector<Output>& out);
  void show_history(const event::History& history, std::vector<Output>& out);
  static std::string rest_of(const event::History& history);
  void note_answered(const event::History& history);
  Progress progress_of(const Target& conversation, Seq seq) const;
  void show_sending(const event::Sending& sending, std::vector<Output>& out);
  void show_sent(const event::Sent& sent, std::vector<Output>& out);
  void show_receipt(const event::Receipt& receipt, std::vector<Output>& out);
  void show_refusal(const event::Refused& refused, std::vector<Output>& out);
  bool is_own_sent(const event::Message& message, std::vector<Output>& out);
  bool is_return(const event::Presence& presence);
  void change_progress(ShownMessage& message, Progress progress, std::vector<Output>& out);
  void act_on(ShownMessage& target, const event::MessageExtras& act, const std::string& text,
              std::vector<Output>& out);

  void print_again(const ShownMessage& message, bool erases, std::vector<Output>& out);

  std::string day_line(const Moment& moment);
  std::string line_of(const ShownMessage& message);
  std::string label_of(const ShownMessage& message) const;
  std::string quote_of(const ShownMessage& message);
  std::string text_of(const ShownMessage& message) const;
  std::string place_of(const Target& conversation, bool own) const;
  bool marks_in_place() const {
    return settings_.marks == MarkStyle::kQuiet && settings_.changes_in_place;
  }
  std::string mark_of(Progress progress) const;
  std::string notice_line(const event::Message& message, const Target& conversation,
                          const std::string& clock);
  bool alerts(const ShownMessage& message) const;
  bool mentions_user(const ShownMessage& message) const;

  const Settings settings_;
  const NameBook& names_;
  const base::Clock& clock_;
  const PeopleStyle style_;
  UserId self_{};
  std::optional<Target> current_;
  std::string day_;  // of the last message shown
  ShownMessages messages_;
  std::map<Target, Reached> reached_;
  std::set<Target> silenced_;
  // After a reconnection friends come back, too: those who were online before are not announced.
  std::set<UserId> online_;
  std::set<UserId> returning_;
  UnixMillis returned_by_ = 0;
};

}  // namespace chat::client
