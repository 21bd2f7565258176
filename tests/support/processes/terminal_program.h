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

// A program on a pseudo-terminal that the test types on and reads.
//
// screen() is all output since the start, without escape sequences for the cursor or colours; so
// text that a line editor redraws appears again.
// Threading: externally synchronised. It is killed and reaped at the end.
class TerminalProgram {
 public:
  // `environment`: "NAME=value", for the program only. Without it, the program has no HOME and no
  // directories of its user's.
  explicit TerminalProgram(const std::vector<std::string>& argv,
                           const std::vector<std::string>& environment = {});
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  void type(const std::string& text);
  void type_line(const std::string& line) { type(line + '\n'); }

  // Resizes the terminal.
  void resize(int rows, int columns);
  void signal(int number);
  // Sends the signal to one of its threads.
  void signal_thread(const std::string& name, int number);
  // True if the terminal echoes input.
  bool echoes() const;

  // Reads until `text` appears after the match of the last call; false at the deadline.
  bool wait_for(const std::string& text, milliseconds usual = kPatience);
  // How often `text` has appeared so far.
  std::size_t count(const std::string& text);
  const std::string& screen() const { return screen_; }
  // All output, with escape sequences.
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
