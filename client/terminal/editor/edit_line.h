#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/editor/key_decoder.h"

namespace chat::client {

// The line being edited: its text and cursor, the history, the cut text, and the history search
// (Ctrl-R). Independent of the terminal.
//
// The cursor moves by characters as seen by the user: combining characters belong to their base. A
// line may contain line ends, but only from a paste.
// Threading: externally synchronised. Bounds: kMaxBytes per line, kHistoryMax lines.
class EditLine {
 public:
  static constexpr std::size_t kMaxBytes = 64 * 1024;
  static constexpr std::size_t kHistoryMax = 500;

  enum class Effect {
    kNone,
    kChanged,      // the displayed text
    kEntered,      // the line is complete: call take()
    kEnded,        // Ctrl-D on an empty line
    kCancelled,    // Ctrl-G or Ctrl-C on a secret line
    kInterrupted,  // Ctrl-C on an empty line
    kComplete,     // Tab: the words up to the cursor may be completed
    kRedraw,       // Ctrl-L
    kFocused,      // the terminal got the focus; kUnfocused: it lost it
    kUnfocused,
    kTooLong  // the text did not fit and was dropped
  };

  Effect apply(const Key& key);

  // A secret line is neither shown nor kept.
  void begin(bool secret);
  bool secret() const { return secret_; }

  const std::u32string& text() const { return text_; }
  std::size_t cursor() const { return cursor_; }
  // "(search)`word': " during a search.
  std::optional<std::u32string> search_prompt() const;

  // Replaces the text up to the cursor by `text`, if it fits.
  void replace_head(std::u32string_view text);
  // Returns the line and clears it, without surrounding line ends and blanks from a paste.
  std::string take();
  void remember(const std::string& line);
  // The cut text may be part of a password.
  void forget_cut() { cut_.clear(); }

 private:
  Effect edit(const Key& key);
  Effect interrupt();
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
  std::size_t position_ = 0;            // in history_; history_.size(): the new line
  std::u32string new_line_;             // kept while an older one is shown
  bool searching_ = false;
  std::u32string wanted_;
};

}  // namespace chat::client
