#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"
#include "client/terminal/editor/edit_line.h"
#include "client/terminal/editor/key_decoder.h"
#include "client/terminal/editor/line_view.h"
#include "client/terminal/editor/paste_guard.h"
#include "client/terminal/line_reader.h"
#include "client/terminal/terminal_mode.h"

namespace chat::client {

// Edits a line on a terminal while other output is printed above it.
//
// A separate thread reads the keyboard and draws, so typing works whatever the program waits for.
// Keys are applied only after next() or ask() was called: input typed while a command runs is kept
// for the next line, but dropped before a question, because it was not meant as its answer. In the
// background (`bg`) nothing is read and no line is drawn.
// Threading: next() and ask() on one thread, the rest on any. Bounds: kAheadMaxBytes of type-ahead.
class LineEditor {
 public:
  // Returns the possible completions of the text up to the cursor.
  using Complete = std::function<std::vector<std::string>(std::string_view before)>;
  // True if a finished line may be kept in the history.
  using Remember = std::function<bool(std::string_view line)>;

  LineEditor(TerminalMode& mode, std::string prompt, bool color, Complete complete,
             Remember remember);
  // Restores the terminal; the unfinished line stays on the screen.
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // The next line; kTimeout if none was finished in time, kEnd at the end of the input. The line
  // may contain line ends from a paste.
  LineReader::Status next(std::string& line, std::chrono::milliseconds timeout);
  // Likewise for the answer to a question, which is not kept in the history, and not shown if it is
  // `secret`. kEnd also if the user cancels. After kTimeout the same question continues.
  LineReader::Status ask(const std::string& question, std::string& answer,
                         std::chrono::milliseconds timeout, bool secret = true);

  // Prints whole lines. False if the terminal is gone.
  bool print(const std::string& text);
  // The same, broken at the terminal's width with marked continuations. Returns the number of this
  // print for print_over(); 0 if the terminal is gone.
  std::uint64_t print_rows(const std::string& text);
  // Replaces what was printed under that number; rows that `text` does not need become empty if
  // something was printed below. False, with nothing printed, if it is not all on the screen, or
  // `text` needs more rows and something was printed below. `erases`: the old text must go, so only
  // the rows that are on the screen are replaced, and a longer `text` is cut.
  bool print_over(std::uint64_t number, const std::string& text, bool erases = false);
  // The number of the finished line, if nothing was printed below it; else 0.
  std::uint64_t entered_line();
  bool knows(std::uint64_t print);    // nothing has moved it from where it was printed
  std::uint64_t last_entered_line();  // whatever was printed below

  void ring();  // the terminal's bell

  // Shown above the edited line until it changes; one row.
  void set_status(const std::string& status);
  // The line being typed, unless it is a command.
  std::u32string composed_text();
  // Of the lines that begin from now on.
  void set_prompt(const std::string& prompt);
  // Oldest first.
  void set_history(const std::vector<std::string>& lines);
  // True unless the terminal has reported that it lost the focus.
  bool focused() const { return focused_; }

  // Makes next() and ask() return kWoken from now on.
  void wake();
  // Call before the process is stopped, when it continues, and when the terminal is resized.
  void suspend();
  void resume();
  void resize();

 private:
  static constexpr std::size_t kAheadMaxBytes = 64 * 1024;
  static constexpr std::size_t kPrintsMost = 200;

  // Something printed, as rows on the screen.
  struct Printed {
    std::uint64_t number = 0;
    std::size_t rows = 0;
  };

  // What the keyboard thread waits for.
  struct Watch {
    bool keys = false;
    bool raw = false;  // read() returning 0 is not the end of the input
    std::chrono::milliseconds timeout{0};
  };

  void read_keys();
  void read_rest_of_paste(std::string& burst) const;
  Watch look_around();
  void take_locked(std::string_view bytes) CHAT_REQUIRES(mutex_);
  void pause_locked() CHAT_REQUIRES(mutex_);
  bool act_locked(EditLine::Effect effect) CHAT_REQUIRES(mutex_);
  bool press_locked(const Key& key) CHAT_REQUIRES(mutex_);
  bool complete_locked() CHAT_REQUIRES(mutex_);
  void interrupt_locked() CHAT_REQUIRES(mutex_);
  void explain_quitting_locked() CHAT_REQUIRES(mutex_);
  void say_locked(const std::string& text) CHAT_REQUIRES(mutex_);
  enum class Kind { kCommand, kAnswer, kSecret };
  void begin_locked(const std::string& prompt, Kind kind) CHAT_REQUIRES(mutex_);
  void finish_locked(LineReader::Status status) CHAT_REQUIRES(mutex_);
  LineReader::Status wait_locked(std::string& line, std::chrono::milliseconds timeout)
      CHAT_REQUIRES(mutex_);
  bool write_above_locked(const std::string& text) CHAT_REQUIRES(mutex_);
  void redraw_locked() CHAT_REQUIRES(mutex_);
  Rows rows_locked(bool with_status = true) const CHAT_REQUIRES(mutex_);
  std::uint64_t add_print_locked(std::size_t rows) CHAT_REQUIRES(mutex_);
  bool write_locked(std::string_view bytes) CHAT_REQUIRES(mutex_);

  TerminalMode& mode_;
  const bool color_;
  const Complete complete_;
  const Remember remember_;
  const base::UniqueFd stop_;

  // Not guarded, because a terminal that blocks output also blocks the lock; waiting threads
  // recheck after their time-out at the latest.
  std::atomic<bool> woken_{false};
  std::atomic<bool> focused_{true};

  PasteGuard guard_;  // confined to the keyboard thread

  base::Mutex mutex_;  // held while writing to the terminal; TerminalMode's is taken under it
  base::CondVar changed_;
  KeyDecoder decoder_ CHAT_GUARDED_BY(mutex_);
  EditLine line_ CHAT_GUARDED_BY(mutex_);
  Kind kind_ CHAT_GUARDED_BY(mutex_) = Kind::kCommand;
  bool keep_cut_ CHAT_GUARDED_BY(mutex_) = true;  // after the end of this line
  LineView view_ CHAT_GUARDED_BY(mutex_);
  std::string prompt_ CHAT_GUARDED_BY(mutex_);
  std::u32string status_ CHAT_GUARDED_BY(mutex_);
  bool interrupted_ CHAT_GUARDED_BY(mutex_) = false;  // Ctrl-C was the last key, on an empty line
  // The rows above the edited line, as far as known, newest last.
  std::deque<Printed> printed_ CHAT_GUARDED_BY(mutex_);
  std::uint64_t last_print_ CHAT_GUARDED_BY(mutex_) = 0;
  std::uint64_t entered_ CHAT_GUARDED_BY(mutex_) = 0;  // the print that is the finished line
  std::u32string shown_prompt_ CHAT_GUARDED_BY(mutex_);
  std::string ahead_ CHAT_GUARDED_BY(mutex_);     // typed while no line is edited
  bool started_ CHAT_GUARDED_BY(mutex_) = false;  // the first line has begun
  bool editing_ CHAT_GUARDED_BY(mutex_) = false;
  bool foreground_ CHAT_GUARDED_BY(mutex_) = false;
  bool ended_ CHAT_GUARDED_BY(mutex_) = false;   // the input has ended
  bool broken_ CHAT_GUARDED_BY(mutex_) = false;  // the terminal is gone
  std::optional<LineReader::Status> finished_ CHAT_GUARDED_BY(mutex_);
  std::string finished_line_ CHAT_GUARDED_BY(mutex_);
  base::Thread thread_;  // last, because it uses the other members
};

}  // namespace chat::client
