#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"
#include "client/terminal/edit_line.h"
#include "client/terminal/key_decoder.h"
#include "client/terminal/line_reader.h"
#include "client/terminal/line_view.h"
#include "client/terminal/terminal_mode.h"

namespace chat::client {

// The line that a person types on a terminal, with what is printed meanwhile above it.
//
// A thread of its own reads the keyboard and draws, so typing goes on whatever the program waits
// for. It takes a line's keys only after next() or ask() has been called for it: what is typed
// while a command runs is kept for the next line, and dropped before a question, because it was not
// meant as the answer.
// In the background (`bg`) nothing is read and no line is drawn, until the terminal is back.
// Threading: next() and ask() on one thread, the rest on any. Bounds: kAheadMaxBytes typed ahead.
class LineEditor {
 public:
  // What the text up to the cursor may be completed to.
  using Complete = std::function<std::vector<std::string>(std::string_view before)>;
  // Whether a finished line may come back by pressing a key.
  using Remember = std::function<bool(std::string_view line)>;

  LineEditor(TerminalMode& mode, std::string prompt, Complete complete, Remember remember);
  // The terminal is as it was; what was being typed stays on the screen.
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // The next line; kTimeout when none was finished in time, kEnd at the end of the input. The line
  // may hold line ends, which a paste brought.
  LineReader::Status next(std::string& line, std::chrono::milliseconds timeout);
  // Likewise for the answer to a question, which is not shown. kEnd also when the user cancels it.
  // After kTimeout the same question goes on.
  LineReader::Status ask(const std::string& question, std::string& answer,
                         std::chrono::milliseconds timeout);

  // Whole lines. False when nobody reads the terminal any more.
  bool print(const std::string& text);
  // The same, broken at the terminal's width so that a line's rest cannot be taken for another one.
  bool print_rows(const std::string& text);

  // next() and ask() return kWoken from now on.
  void wake();
  // Before the process stops, when it goes on, and when the terminal's size has changed.
  void suspend();
  void resume();
  void resize();

 private:
  static constexpr std::size_t kAheadMaxBytes = 64 * 1024;

  // What the keyboard's thread waits for.
  struct Watch {
    bool keys = false;
    bool raw = false;  // a read() of nothing is not the end of the input
    std::chrono::milliseconds timeout{0};
  };

  void read_keys();
  Watch look_around();
  void take_locked(std::string_view bytes) CHAT_REQUIRES(mutex_);
  void pause_locked() CHAT_REQUIRES(mutex_);
  bool act_locked(EditLine::Effect effect) CHAT_REQUIRES(mutex_);
  bool press_locked(const Key& key) CHAT_REQUIRES(mutex_);
  bool complete_locked() CHAT_REQUIRES(mutex_);
  void begin_locked(const std::string& prompt, bool secret) CHAT_REQUIRES(mutex_);
  void finish_locked(LineReader::Status status) CHAT_REQUIRES(mutex_);
  LineReader::Status wait_locked(std::string& line, std::chrono::milliseconds timeout)
      CHAT_REQUIRES(mutex_);
  bool write_above_locked(const std::string& text) CHAT_REQUIRES(mutex_);
  void redraw_locked() CHAT_REQUIRES(mutex_);
  Rows rows_locked() const CHAT_REQUIRES(mutex_);
  bool write_locked(std::string_view bytes) CHAT_REQUIRES(mutex_);

  TerminalMode& mode_;
  const std::string prompt_;
  const Complete complete_;
  const Remember remember_;
  const base::UniqueFd stop_;

  // Without the lock, which a terminal that takes no output holds up; whoever waits looks again
  // after its time-out at the latest.
  std::atomic<bool> woken_{false};

  base::Mutex mutex_;  // held while the terminal is written to; takes TerminalMode's
  base::CondVar changed_;
  KeyDecoder decoder_ CHAT_GUARDED_BY(mutex_);
  EditLine line_ CHAT_GUARDED_BY(mutex_);
  bool keep_cut_ CHAT_GUARDED_BY(mutex_) = true;  // beyond the end of this line
  LineView view_ CHAT_GUARDED_BY(mutex_);
  std::u32string shown_prompt_ CHAT_GUARDED_BY(mutex_);
  std::string ahead_ CHAT_GUARDED_BY(mutex_);     // typed while no line is edited
  bool started_ CHAT_GUARDED_BY(mutex_) = false;  // a first line has been begun
  bool editing_ CHAT_GUARDED_BY(mutex_) = false;
  bool foreground_ CHAT_GUARDED_BY(mutex_) = false;
  bool ended_ CHAT_GUARDED_BY(mutex_) = false;   // there is no input any more
  bool broken_ CHAT_GUARDED_BY(mutex_) = false;  // nobody reads what is written
  std::optional<LineReader::Status> finished_ CHAT_GUARDED_BY(mutex_);
  std::string finished_line_ CHAT_GUARDED_BY(mutex_);
  base::Thread thread_;  // last: it uses the others
};

}  // namespace chat::client
