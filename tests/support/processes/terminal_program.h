#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/unique_fd.h"
#include "support/deadline.h"

namespace chat::test {

// A program on a terminal of its own, with somebody who types and reads there.
//
// screen() is all that was printed since the start, without the escape sequences that move the
// cursor or colour; so what a line editor draws again stands in it again.
// Threading: externally synchronised. It is killed and reaped at the end.
class TerminalProgram {
 public:
  explicit TerminalProgram(const std::vector<std::string>& argv);
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  void type(const std::string& text);
  void type_line(const std::string& line) { type(line + '\n'); }

  // As by dragging the window's edge.
  void resize(int rows, int columns);
  void signal(int number);
  // To one of its threads.
  void signal_thread(const std::string& name, int number);
  // What is typed is shown by the terminal itself.
  bool echoes() const;

  // Reads on until `text` stands behind what the last call found; false at the deadline.
  bool wait_for(const std::string& text, milliseconds usual = kPatience);
  // How often `text` stands on the whole screen by now.
  std::size_t count(const std::string& text);
  const std::string& screen() const { return screen_; }
  // The same with everything that the terminal got.
  const std::string& raw() const { return raw_; }

  // The exit code, or 128 + a signal's number; nothing at the deadline.
  std::optional<int> wait_exit(milliseconds usual = kPatience);

 private:
  bool read_some(int timeout_ms);
  void append_plain(std::string_view bytes);

  pid_t pid_ = -1;
  base::UniqueFd terminal_;
  std::string screen_;
  std::string raw_;
  std::size_t found_ = 0;  // up to here wait_for() has looked
  enum class Escape { kNone, kBegun, kSequence } escape_ = Escape::kNone;
};

}  // namespace chat::test
