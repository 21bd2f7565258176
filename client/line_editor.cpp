#include "client/line_editor.h"

#include <editline/readline.h>
#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "chat/base/check.h"
#include "client/text.h"

namespace chat::client {
namespace {

// libedit calls back without a context.
LineEditor* the_editor = nullptr;
constexpr int kHistoryMax = 500;

int columns() {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

// A line with a password in it must not come back by pressing a key.
bool may_be_remembered(std::string_view line) {
  return !line.empty() && !line.starts_with("/login") && !line.starts_with("/register");
}

}  // namespace

LineEditor::LineEditor(std::string prompt, Complete complete)
    : prompt_(std::move(prompt)), complete_(std::move(complete)) {
  CHAT_CHECK(the_editor == nullptr);
  the_editor = this;
  // Editing needs to know that several bytes are one character.
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
  ::rl_initialize();
  ::using_history();
  ::stifle_history(kHistoryMax);
  ::rl_attempted_completion_function = &LineEditor::on_complete;
}

LineEditor::~LineEditor() {
  base::MutexLock lock(mutex_);
  // What is typed on stays where it is; what the shell says begins a line.
  if (active_) std::fputs("\n", stdout);
  end_locked();
  the_editor = nullptr;
}

LineReader::Status LineEditor::next(std::string& line, std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    {
      base::MutexLock lock(mutex_);
      if (line_) {
        line = *std::exchange(line_, std::nullopt);
        return line.size() > LineReader::kLineMaxBytes ? LineReader::Status::kTooLong
                                                       : LineReader::Status::kLine;
      }
      if (ended_) return LineReader::Status::kEnd;
      start_locked();
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return LineReader::Status::kTimeout;
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, static_cast<int>(left.count())) <= 0) continue;
    base::MutexLock lock(mutex_);
    ::rl_callback_read_char();
    // Behind a finished line libedit's buffer is that line still.
    const auto typed = active_ ? static_cast<std::size_t>(::rl_point) : 0;
    before_cursor_.assign(::rl_line_buffer, typed);
  }
}

bool LineEditor::print(const std::string& text) {
  base::MutexLock lock(mutex_);
  if (active_) clear_line_locked();
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (active_) ::rl_forced_update_display();
  return written;
}

// The line may be on several rows, with the cursor on any of them.
void LineEditor::clear_line_locked() {
  const int rows_up = rows_down(prompt_ + before_cursor_, columns());
  if (rows_up > 0) std::fprintf(stdout, "\x1b[%dA", rows_up);
  std::fputs("\r\x1b[J", stdout);
}

void LineEditor::start_locked() {
  if (std::exchange(active_, true)) return;
  ::rl_callback_handler_install(prompt_.c_str(), &LineEditor::on_line);
}

void LineEditor::end_locked() {
  if (!std::exchange(active_, false)) return;
  ::rl_callback_handler_remove();
}

// Inside rl_callback_read_char(), so under the lock. libedit has given the terminal back by now;
// the next line begins when the commands of this one are done.
void LineEditor::on_line(char* line) CHAT_NO_THREAD_SAFETY_ANALYSIS {
  the_editor->active_ = false;
  if (line == nullptr) {
    the_editor->ended_ = true;
    std::fputs("\n", stdout);
    return;
  }
  if (may_be_remembered(line)) ::add_history(line);
  the_editor->line_ = line;
  std::free(line);
}

char** LineEditor::on_complete(const char* /*word*/, int begin, int end) {
  ::rl_attempted_completion_over = 1;
  const std::string before(::rl_line_buffer, static_cast<std::size_t>(end));
  const auto found = the_editor->complete_(before);
  if (found.empty()) return nullptr;
  // Completing names begins behind the command; libedit cuts words in its own way.
  std::string common = found.front();
  for (const std::string& each : found) {
    const auto [stop, other] =
        std::mismatch(common.begin(), common.end(), each.begin(), each.end());
    common.erase(stop, common.end());
  }
  const std::size_t have = before.size() - static_cast<std::size_t>(begin);
  const auto matches = static_cast<char**>(std::calloc(found.size() + 2, sizeof(char*)));
  if (matches == nullptr || common.size() < have) return nullptr;
  matches[0] = ::strdup(common.c_str());
  for (std::size_t i = 0; i < found.size() && found.size() > 1; ++i) {
    matches[i + 1] = ::strdup(found[i].c_str());
  }
  return matches;
}

void LineEditor::rest() {
  base::MutexLock lock(mutex_);
  end_locked();
}

}  // namespace chat::client
