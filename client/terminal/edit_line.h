#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/key_decoder.h"

namespace chat::client {

// The line that is being typed: its text and cursor, the lines before it, what was cut out, and the
// search through those lines (Ctrl-R). Knows nothing of a terminal.
//
// The cursor stands between characters as a person sees them: a character takes the combining ones
// behind it along. A line may hold line ends, which only a paste brings.
// Threading: externally synchronised. Bounds: kMaxBytes a line, kHistoryMax lines.
class EditLine {
 public:
  static constexpr std::size_t kMaxBytes = 64 * 1024;
  static constexpr std::size_t kHistoryMax = 500;

  enum class Effect {
    kNone,
    kChanged,    // what is to be shown
    kEntered,    // the line is finished: take()
    kEnded,      // Ctrl-D on an empty line
    kCancelled,  // Ctrl-G on a secret line
    kComplete,   // Tab: the words up to the cursor may be completed
    kRedraw,     // Ctrl-L
    kTooLong     // the text did not fit and was not taken
  };

  Effect apply(const Key& key);

  // A secret line is not shown, and leaves nothing behind.
  void begin(bool secret);
  bool secret() const { return secret_; }

  const std::u32string& text() const { return text_; }
  std::size_t cursor() const { return cursor_; }
  // "(search)`word': " while a search is on.
  std::optional<std::u32string> search_prompt() const;

  // The text up to the cursor becomes `text`, if that fits.
  void replace_head(std::u32string_view text);
  // Ends the line and empties it, without the line ends and the blanks around it that a paste may
  // have brought.
  std::string take();
  void remember(std::string line);
  // What was cut out may be a part of a password.
  void forget_cut() { cut_.clear(); }

 private:
  Effect edit(const Key& key);
  Effect search(const Key& key);
  Effect insert(std::u32string_view text);
  Effect cut(std::size_t begin, std::size_t end);
  Effect erase(std::size_t begin, std::size_t end);
  Effect move_to(std::size_t cursor);
  Effect recall(std::size_t position);
  void find_older(std::size_t before);
  void end_search();

  std::size_t left_of(std::size_t position) const;
  std::size_t right_of(std::size_t position) const;
  std::size_t word_left() const;
  std::size_t word_right() const;

  std::u32string text_;
  std::size_t cursor_ = 0;
  bool secret_ = false;
  std::u32string cut_;
  std::deque<std::u32string> history_;  // oldest first
  std::size_t position_ = 0;            // in history_; its size: the new line
  std::u32string new_line_;             // while an older one is shown
  bool searching_ = false;
  std::u32string wanted_;
};

}  // namespace chat::client
