#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/mutex.h"
#include "client/line_reader.h"

namespace chat::client {

// The line that the user types on a terminal: editing, history and completion by libedit, and a
// way to print without tearing it: the line is taken off the screen, the text printed, and the
// line put back with its cursor.
// Threading: next() and rest() on one thread; print() from any. There is at most one
// editor in a process, because libedit's state is global.
class LineEditor {
 public:
  // What the text up to the cursor may be completed to; called on the typing thread.
  using Complete = std::function<std::vector<std::string>(std::string_view before)>;

  LineEditor(std::string prompt, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // The next line; kTimeout when none was finished in time, kEnd at the end of the input.
  LineReader::Status next(std::string& line, std::chrono::milliseconds timeout);

  // Whole lines. False when nobody reads the terminal any more.
  bool print(const std::string& text);

  // The terminal is as it was before until next() is called: for asking a password.
  void rest();

 private:
  static void on_line(char* line);
  static char** on_complete(const char* word, int begin, int end);
  void start_locked() CHAT_REQUIRES(mutex_);
  void end_locked() CHAT_REQUIRES(mutex_);
  void clear_line_locked() CHAT_REQUIRES(mutex_);
  void drop_line_locked() CHAT_REQUIRES(mutex_);

  const std::string prompt_;
  const Complete complete_;

  base::Mutex mutex_;  // libedit's state
  bool active_ CHAT_GUARDED_BY(mutex_) = false;
  bool ended_ CHAT_GUARDED_BY(mutex_) = false;
  std::optional<std::string> line_ CHAT_GUARDED_BY(mutex_);
  std::string before_cursor_ CHAT_GUARDED_BY(mutex_);  // what is typed up to the cursor
};

}  // namespace chat::client
