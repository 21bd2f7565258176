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

// The longest message in the longest encoding, and a command around it.
constexpr int kTypedMaxBytes = 17 * 1024;

// With each key libedit writes a NUL behind the line through rl_line_buffer, which may point to
// freed memory once the line has outgrown a buffer (at first 1024 bytes). So the buffers grow
// before there is a line, as much as they ever have to; the NUL is written here, and the line is
// asked for in other ways.
char unused_line[kTypedMaxBytes + 64];

void grow_buffers() {
  ::rl_insert_text(std::string(sizeof unused_line, ' ').c_str());
  ::rl_replace_line("", 0);
  ::rl_line_buffer = unused_line;
}

const std::string kContinuations = [] {
  std::string all;
  for (int byte = 0x80; byte < 0xC0; ++byte) all += static_cast<char>(byte);
  return all;
}();

// Whether the last character of `text` is not whole.
bool lacks_bytes(std::string_view text) {
  const auto lead = text.find_last_not_of(kContinuations);
  if (lead == std::string_view::npos) return !text.empty();
  const auto first = static_cast<unsigned char>(text[lead]);
  const std::size_t whole = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return text.size() - lead < whole;
}

// Where the cursor stands at the end, rl_copy_text() leaves the last byte out. For the width of
// the text any other does as well.
std::string typed_to_cursor() {
  char* const copy = ::rl_copy_text(0, ::rl_point + 1);
  std::string text = copy == nullptr ? "" : copy;
  std::free(copy);
  if (text.size() < static_cast<std::size_t>(::rl_point)) text += lacks_bytes(text) ? '\x80' : ' ';
  return text;
}

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
  (void)std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) (void)std::setlocale(LC_CTYPE, "C.UTF-8");
  ::rl_initialize();
  grow_buffers();
  // A word to complete is all that stands before the cursor.
  ::rl_basic_word_break_characters = "";
  ::using_history();
  ::stifle_history(kHistoryMax);
  ::rl_attempted_completion_function = &LineEditor::on_complete;
}

LineEditor::~LineEditor() {
  base::MutexLock lock(mutex_);
  // What is typed on stays where it is; what the shell says begins a line.
  if (active_) (void)std::fputs("\n", stdout);
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
    before_cursor_ = active_ ? typed_to_cursor() : "";
    if (active_ && ::rl_end >= kTypedMaxBytes) {
      drop_line_locked();
      return LineReader::Status::kTooLong;
    }
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
  if (rows_up > 0) (void)std::fprintf(stdout, "\x1b[%dA", rows_up);
  (void)std::fputs("\r\x1b[J", stdout);
}

// With the rest of it, which may have been pasted and be on its way.
void LineEditor::drop_line_locked() {
  (void)std::fputs("\n", stdout);
  end_locked();
  before_cursor_.clear();
  for (char c = 0; c != '\n' && c != '\r';) {
    if (::read(STDIN_FILENO, &c, 1) != 1) break;
  }
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
    (void)std::fputs("\n", stdout);
    return;
  }
  if (may_be_remembered(line)) ::add_history(line);
  the_editor->line_ = line;
  std::free(line);
}

// `before` is all up to the cursor, and what is found takes its place. The first match is what all
// have in common.
char** LineEditor::on_complete(const char* before, int /*begin*/, int /*end*/) {
  ::rl_attempted_completion_over = 1;
  const auto found = the_editor->complete_(before);
  if (found.empty()) return nullptr;
  std::string common = found.front();
  for (const std::string& each : found) {
    const auto [stop, other] =
        std::mismatch(common.begin(), common.end(), each.begin(), each.end());
    common.erase(stop, common.end());
  }
  // Characters may differ in their last bytes only.
  while (lacks_bytes(common)) common.pop_back();
  const auto matches = static_cast<char**>(std::calloc(found.size() + 2, sizeof(char*)));
  if (matches == nullptr) return nullptr;
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
