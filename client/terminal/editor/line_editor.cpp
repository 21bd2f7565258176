// Why no library: the editor must accept whatever bytes have arrived and never read by itself,
// because the client shows messages, sends pings and obeys signals while half a key has arrived.
// libedit, replxx and linenoise read the bytes after an ESC (and libedit also the rest of a UTF-8
// character and the keys of a Ctrl-R) with a blocking read(); GNU readline does so in a bracketed
// paste, and its licence (GPL) would extend to the client.
//
// The parts: KeyDecoder turns bytes into keys, EditLine applies keys to a text, lay_out() breaks
// the text into rows, LineView draws rows. None of them blocks or uses a file descriptor; this file
// holds the reading thread and the lock.
#include "client/terminal/editor/line_editor.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

#include "chat/base/check.h"
#include "chat/base/clock.h"
#include "client/core/code_points.h"
#include "client/core/text.h"
#include "client/terminal/terminal.h"

namespace chat::client {
namespace {

using std::chrono::milliseconds;
using Effect = EditLine::Effect;
using Status = LineReader::Status;

// An ESC that nothing follows for this long is the key itself.
constexpr milliseconds kEscapeTimeout{300};
// Ctrl-C. Alone, it is a key press even in an unfinished paste or sequence.
constexpr const char* kHowToQuit = "Ctrl-C again, Ctrl-D or /quit ends the client.\n";
constexpr char kInterruptByte = '\x03';
// A paste without an end mark ends after this time.
constexpr milliseconds kPasteTimeout{3000};
// Rows of earlier output that stay visible however long the line is.
constexpr int kRowsAbove = 4;
// How often to check whether the process is in the foreground or in the background by now. Without
// a key nothing else tells the keyboard thread, which goes on waiting after a stop and `bg`.
constexpr milliseconds kBackgroundLook{200};
constexpr milliseconds kForegroundLook{1000};

// Character widths are known only in a UTF-8 locale.
void use_utf8() {
  (void)std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) (void)std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::string common_beginning(const std::vector<std::string>& found) {
  std::u32string common = to_code_points(found.front());
  for (const std::string& each : found) {
    const std::u32string other = to_code_points(each);
    const auto [stop, ignored] =
        std::mismatch(common.begin(), common.end(), other.begin(), other.end());
    common.erase(stop, common.end());
  }
  return to_utf8(common);
}

std::size_t rows_in(const std::string& lines) {
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

// The lines from `begin` to `end`, with empty ones for those that are missing.
std::string only_rows(std::string_view lines, std::size_t begin, std::size_t end) {
  std::string out;
  for (std::size_t i = 0; i < end; ++i) {
    const std::size_t length = lines.find('\n');
    if (i >= begin) out.append(lines.substr(0, length)) += '\n';
    lines.remove_prefix(length == lines.npos ? lines.size() : length + 1);
  }
  return out + (lines.find('\x1b') == lines.npos ? "" : "\x1b[0m");  // of a cut colour
}

// Lines written over earlier ones: the rest of each row is cleared.
std::string over_rows(const std::string& lines) {
  std::string out;
  for (const char each : lines)
    out += each == '\n' ? std::string("\x1b[K\n") : std::string(1, each);
  return without_wrap(out);
}

bool cuts(Key::Kind kind) {
  switch (kind) {
    case Key::Kind::kKillToEnd:
    case Key::Kind::kKillToBegin:
    case Key::Kind::kKillWordLeft:
    case Key::Kind::kKillWordRight: return true;
    default: return false;
  }
}

}  // namespace

LineEditor::LineEditor(TerminalMode& mode, std::string prompt, bool color, Complete complete,
                       Remember remember)
    : mode_(mode),
      color_(color),
      complete_(std::move(complete)),
      remember_(std::move(remember)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      prompt_(std::move(prompt)) {
  CHAT_CHECK(stop_);
  use_utf8();
  thread_ = base::Thread("keyboard", [this] { read_keys(); });
}

LineEditor::~LineEditor() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  thread_.join();
  base::MutexLock lock(mutex_);
  write_locked(view_.leave());
  mode_.set(TerminalMode::Kind::kUsual);
}

Status LineEditor::next(std::string& line, milliseconds timeout) {
  base::MutexLock lock(mutex_);
  if (!editing_ && !finished_) begin_locked(prompt_, Kind::kCommand);
  return wait_locked(line, timeout);
}

Status LineEditor::ask(const std::string& question, std::string& answer, milliseconds timeout,
                       bool secret) {
  base::MutexLock lock(mutex_);
  if (!editing_ && !finished_) {
    ahead_.clear();
    begin_locked(question, secret ? Kind::kSecret : Kind::kAnswer);
  }
  return wait_locked(answer, timeout);
}

Status LineEditor::wait_locked(std::string& line, milliseconds timeout) {
  const auto deadline = base::system_clock().now() + timeout;
  while (!finished_ && !ended_ && !woken_) {
    if (!changed_.wait_until(mutex_, deadline) && !finished_) return Status::kTimeout;
  }
  if (woken_) return Status::kWoken;
  if (!finished_) return Status::kEnd;
  line = std::exchange(finished_line_, {});
  return *std::exchange(finished_, std::nullopt);
}

void LineEditor::begin_locked(const std::string& prompt, Kind kind) {
  mode_.set(TerminalMode::Kind::kKeys);
  started_ = true;
  editing_ = true;
  shown_prompt_ = to_code_points(prompt);
  kind_ = kind;
  line_.begin(kind == Kind::kSecret);
  redraw_locked();
  take_locked(std::exchange(ahead_, {}));
}

void LineEditor::finish_locked(Status status) {
  const bool is_command = kind_ == Kind::kCommand;
  interrupted_ = false;
  if (view_.shown()) write_locked(view_.show(rows_locked(false)));
  const std::size_t rows = view_.height();
  finished_line_ = line_.take();
  finished_ = status;
  editing_ = false;
  write_locked(view_.leave());
  const std::uint64_t number = add_print_locked(rows);
  entered_ = is_command ? number : 0;
  const bool remembered = is_command && remember_(finished_line_);
  if (remembered) line_.remember(finished_line_);
  if (!std::exchange(keep_cut_, true) || !remembered) line_.forget_cut();
  changed_.notify_all();
}

// The body of the keyboard thread. Holds the lock while handling input, never while waiting or
// reading.
void LineEditor::read_keys() {
  for (;;) {
    const Watch watch = look_around();
    pollfd fds[] = {{stop_.get(), POLLIN, 0}, {watch.keys ? STDIN_FILENO : -1, POLLIN, 0}};
    const int ready = ::poll(fds, 2, static_cast<int>(watch.timeout.count()));
    if (fds[0].revents != 0) return;
    if (!watch.keys || ready < 0) continue;
    if (ready == 0) {
      base::MutexLock lock(mutex_);
      pause_locked();
      continue;
    }
    char chunk[4096];
    // If another process group now has the terminal, reading would stop this process.
    if (!mode_.retry()) continue;
    const ssize_t count = ::read(STDIN_FILENO, chunk, sizeof chunk);
    const bool nothing = count == 0 && (fds[1].revents & (POLLHUP | POLLERR)) == 0 && watch.raw;
    if (nothing || (count < 0 && (errno == EINTR || errno == EAGAIN))) continue;
    base::MutexLock lock(mutex_);
    if (count == 1 && chunk[0] == kInterruptByte) {
      interrupt_locked();
    } else if (count > 0) {
      std::string burst(chunk, static_cast<std::size_t>(count));
      read_rest_of_paste(burst);
      take_locked(guard_.filter(burst));
    } else {
      ended_ = true;
      changed_.notify_all();
    }
  }
}

// Reads what has arrived with the beginning of a paste.
void LineEditor::read_rest_of_paste(std::string& burst) const {
  if (!guard_.in_paste() && burst.find("\x1b[200~") == burst.npos) return;
  char chunk[4096];
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (burst.size() < 2 * KeyDecoder::kPasteMaxBytes && ::poll(&input, 1, 0) > 0) {
    const ssize_t count = ::read(STDIN_FILENO, chunk, sizeof chunk);
    if (count <= 0) return;
    burst.append(chunk, static_cast<std::size_t>(count));
  }
}

LineEditor::Watch LineEditor::look_around() {
  base::MutexLock lock(mutex_);
  const bool mine = mode_.retry();
  if (mine && !std::exchange(foreground_, mine)) redraw_locked();
  foreground_ = mine;
  if (!mine) printed_.clear();
  if (!mine || ahead_.size() >= kAheadMaxBytes) return {false, false, kBackgroundLook};
  if (ended_) return {false, false, milliseconds(-1)};
  if (!decoder_.pending()) return {true, started_, kForegroundLook};
  return {true, started_, decoder_.in_paste() ? kPasteTimeout : kEscapeTimeout};
}

// Ctrl-C clears the line; on an empty one it explains, and the second time it ends the program.
void LineEditor::interrupt_locked() {
  guard_.end_paste();
  decoder_ = {};
  ahead_.clear();
  if (!editing_) return explain_quitting_locked();
  if (press_locked({Key::Kind::kInterrupt})) redraw_locked();
}

void LineEditor::explain_quitting_locked() {
  if (std::exchange(interrupted_, true)) {
    ::kill(::getpid(), SIGINT);
  } else {
    say_locked(kHowToQuit);
  }
}

void LineEditor::say_locked(const std::string& text) {
  write_above_locked(without_wrap(break_lines(text, terminal_size().columns)));
}

// Key by key, because input after the end of a line belongs to the next one.
void LineEditor::take_locked(std::string_view bytes) {
  bool changed = false;
  std::vector<Key> keys;
  for (; editing_ && !bytes.empty(); bytes.remove_prefix(1)) {
    keys.clear();
    decoder_.feed(bytes.substr(0, 1), keys);
    for (const Key& key : keys) changed = press_locked(key) || changed;
  }
  // Known at once, and also if the rest is dropped.
  if (const auto focus = reported_focus(bytes)) focused_ = *focus;
  ahead_ += bytes;
  if (changed) redraw_locked();
}

void LineEditor::pause_locked() {
  guard_.end_paste();
  std::vector<Key> keys;
  decoder_.pause(keys);
  bool changed = false;
  for (const Key& key : keys) changed = press_locked(key) || changed;
  if (changed) redraw_locked();
}

// Text cut from a line that is not kept in the history may contain a password, so it is available
// for this line only.
bool LineEditor::press_locked(const Key& key) {
  const bool is_focus = key.kind == Key::Kind::kFocusIn || key.kind == Key::Kind::kFocusOut;
  if (!is_focus && key.kind != Key::Kind::kInterrupt) interrupted_ = false;
  const bool cuts_some = cuts(key.kind) && !line_.secret() && !line_.text().empty();
  if (cuts_some && !remember_(to_utf8(line_.text()))) keep_cut_ = false;
  return act_locked(line_.apply(key));
}

// True if the line must be redrawn.
bool LineEditor::act_locked(Effect effect) {
  switch (effect) {
    case Effect::kNone: break;
    case Effect::kChanged: return true;
    case Effect::kEntered:
      redraw_locked();
      finish_locked(Status::kLine);
      break;
    case Effect::kEnded:
      ended_ = kind_ == Kind::kCommand;
      finish_locked(Status::kEnd);
      break;
    case Effect::kCancelled: finish_locked(Status::kEnd); break;
    case Effect::kComplete: return complete_locked();
    case Effect::kInterrupted:
      if (kind_ == Kind::kCommand) {
        explain_quitting_locked();
      } else {
        finish_locked(Status::kEnd);
      }
      break;
    case Effect::kFocused: focused_ = true; break;
    case Effect::kUnfocused: focused_ = false; break;
    case Effect::kRedraw:
      view_ = {};
      printed_.clear();
      write_locked("\x1b[H\x1b[2J");
      return true;
    case Effect::kTooLong:
      say_locked(fmt::format("Too long: a line has at most {} KiB.\n", EditLine::kMaxBytes / 1024));
      break;
  }
  return false;
}

bool LineEditor::complete_locked() {
  const std::string before = to_utf8(std::u32string_view(line_.text()).substr(0, line_.cursor()));
  const std::vector<std::string> found = complete_(before);
  if (found.empty()) return false;
  const std::string common = common_beginning(found);
  if (found.size() > 1 && common == before) {
    std::string list;
    for (const std::string& each : found) list += "  " + harmless(each) + '\n';
    say_locked(list);
  }
  line_.replace_head(to_code_points(common));
  return true;
}

bool LineEditor::print(const std::string& text) {
  base::MutexLock lock(mutex_);
  const bool written = write_above_locked(text);
  printed_.clear();  // the terminal may have broken the lines
  return written;
}

std::uint64_t LineEditor::print_rows(const std::string& text) {
  base::MutexLock lock(mutex_);
  const std::string rows = break_lines(text, terminal_size().columns);
  if (!write_above_locked(without_wrap(rows))) return 0;
  // Other programs may write to the terminal, too.
  if (!foreground_) printed_.clear();
  return last_print_;
}

std::uint64_t LineEditor::entered_line() {
  base::MutexLock lock(mutex_);
  const bool last = !printed_.empty() && printed_.back().number == entered_;
  return last ? entered_ : 0;
}

std::uint64_t LineEditor::add_print_locked(std::size_t rows) {
  printed_.push_back({++last_print_, rows});
  if (printed_.size() > kPrintsMost) printed_.pop_front();
  return last_print_;
}

bool LineEditor::knows(std::uint64_t print) {
  base::MutexLock lock(mutex_);
  return std::any_of(printed_.begin(), printed_.end(),
                     [print](const Printed& each) { return each.number == print; });
}

std::uint64_t LineEditor::last_entered_line() {
  base::MutexLock lock(mutex_);
  return entered_;
}

bool LineEditor::print_over(std::uint64_t number, const std::string& text, bool erases) {
  base::MutexLock lock(mutex_);
  const TerminalSize size = terminal_size();
  const std::string rows = break_lines(text, size.columns);
  const auto at = std::find_if(printed_.begin(), printed_.end(),
                               [number](const Printed& each) { return each.number == number; });
  if (at == printed_.end() || !foreground_ || at->rows == 0) return false;
  std::size_t up = 0;
  for (auto each = at; each != printed_.end(); ++each) up += each->rows;
  const std::size_t drawn = view_.height();
  const auto height = static_cast<std::size_t>(size.rows);
  if (up + drawn >= height && !erases) return false;
  // Rows that have scrolled off.
  const std::size_t below = up + std::max<std::size_t>(drawn, 1);
  const std::size_t hidden = below > height ? below - height : 0;
  if (hidden >= at->rows) return false;
  const bool is_last = std::next(at) == printed_.end() && hidden == 0;
  if (!is_last && !erases && rows_in(rows) > at->rows) return false;
  std::string bytes = view_.erase() + fmt::format("\x1b[{}A\r", up - hidden);
  if (is_last) {
    bytes += "\x1b[J" + without_wrap(rows);
    at->rows = rows_in(rows);
  } else {
    bytes += over_rows(only_rows(rows, hidden, at->rows));
    if (up > at->rows) bytes += fmt::format("\x1b[{}B\r", up - at->rows);
  }
  if (editing_) bytes += view_.show(rows_locked());
  return write_locked(bytes);
}

void LineEditor::set_status(const std::string& status) {
  base::MutexLock lock(mutex_);
  std::u32string next = to_code_points(status);
  if (next == status_) return;
  status_ = std::move(next);
  redraw_locked();
}

std::u32string LineEditor::composed_text() {
  base::MutexLock lock(mutex_);
  const bool command = line_.text().starts_with(U'/');
  return editing_ && kind_ == Kind::kCommand && !command ? line_.text() : std::u32string();
}

void LineEditor::ring() {
  base::MutexLock lock(mutex_);
  write_locked("\a");
}

void LineEditor::set_prompt(const std::string& prompt) {
  base::MutexLock lock(mutex_);
  prompt_ = prompt;
}

void LineEditor::set_history(const std::vector<std::string>& lines) {
  base::MutexLock lock(mutex_);
  for (const std::string& line : lines) line_.remember(line);
}

bool LineEditor::write_above_locked(const std::string& text) {
  add_print_locked(rows_in(text));
  std::string bytes = view_.erase() + text;
  if (editing_ && foreground_) bytes += view_.show(rows_locked());
  return write_locked(bytes);
}

void LineEditor::redraw_locked() {
  if (editing_ && foreground_) write_locked(view_.show(rows_locked()));
}

Rows LineEditor::rows_locked(bool with_status) const {
  const TerminalSize size = terminal_size();
  const int height = size.rows - kRowsAbove;
  const auto search = line_.search_prompt();
  Rows rows = line_.secret() ? lay_out(shown_prompt_, {}, 0, size.columns, height)
                             : lay_out(search ? *search : shown_prompt_, line_.text(),
                                       line_.cursor(), size.columns, height);
  if (with_status && !status_.empty()) put_above(rows, status_, color_);
  return rows;
}

bool LineEditor::write_locked(std::string_view bytes) {
  broken_ = broken_ || !write_all(STDOUT_FILENO, bytes);
  return !broken_;
}

void LineEditor::wake() {
  woken_ = true;
  changed_.notify_all();
}

void LineEditor::suspend() {
  base::MutexLock lock(mutex_);
  write_locked(view_.erase());
  mode_.suspend();
}

void LineEditor::resume() {
  base::MutexLock lock(mutex_);
  mode_.resume();
  foreground_ = mode_.retry();
  // Other output has been written since, so the drawn rows are no longer in place.
  view_ = {};
  printed_.clear();
  redraw_locked();
}

void LineEditor::resize() {
  base::MutexLock lock(mutex_);
  printed_.clear();
  if (!view_.shown()) return;
  view_.set_columns(terminal_size().columns);
  write_above_locked("");
}

}  // namespace chat::client
