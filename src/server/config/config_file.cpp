#include "server/config/config_file.h"

#include <fmt/format.h>
#include <ini.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

// inih parses the file and reports section, key and value, but not the line number. It reads its
// input line by line through our function, and reports a line before it reads the next, so the
// number of lines read is the current line number.
//
// The same function checks every line first, because inih silently skips or misreads some input. An
// indented line would continue the value above it: the indentation is removed. A line longer than
// inih's buffer would be split: it is refused, or passed on as an empty line if it is a comment.
// Text after a [section] would be skipped, and white space other than blanks and tabs would count
// as indentation: both are refused.
namespace chat::server {
namespace {

constexpr std::size_t kFileMaxBytes = 1024 * 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t";

void trim_front(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

bool is_comment(std::string_view text) {
  return !text.empty() && (text.front() == ';' || text.front() == '#');
}

// The name of an unknown section, if the line begins one. Malformed sections are left to inih.
std::optional<std::string_view> unknown_section(std::string_view line) {
  const auto end = line.find(']');
  if (!line.starts_with('[') || end == line.npos) return std::nullopt;
  const std::string_view name = line.substr(1, end - 1);
  const auto all = keys();
  const bool known =
      std::any_of(all.begin(), all.end(), [name](const Key& key) { return key.section == name; });
  return known ? std::nullopt : std::optional(name);
}

// The part of a line, without indentation and line end, that inih would skip.
std::optional<std::string> unread_part(std::string_view line) {
  if (line.find_first_of("\r\v\f") != line.npos) {
    return "a line may contain no white space but blanks and tabs";
  }
  const auto header_end = line.find(']');
  if (!line.starts_with('[') || header_end == line.npos) return std::nullopt;
  std::string_view rest = line.substr(header_end + 1);
  trim_front(rest);
  if (rest.empty() || is_comment(rest)) return std::nullopt;
  return fmt::format("{} follows a [section]: it needs a line of its own", log::quoted(rest));
}

class IniReading {
 public:
  IniReading(std::string_view text, std::string name, Settings& settings)
      : rest_(text), name_(std::move(name)), settings_(settings) {}

  Result<void> run() {
    const int line = ini_parse_stream(&IniReading::next_line, this, &IniReading::on_value, this);
    if (error_ && (line <= 0 || line >= error_line_)) return tl::make_unexpected(*error_);
    if (line > 0) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}:{}: this is neither a [section] nor key = value nor a comment",
                              name_, line));
    }
    return {};
  }

 private:
  // inih's ini_reader: like fgets(), null at the end.
  static char* next_line(char* buffer, int size, void* self) {
    return static_cast<IniReading*>(self)->next_line(buffer, static_cast<std::size_t>(size));
  }

  char* next_line(char* buffer, std::size_t size) {
    if (rest_.empty() || error_) return nullptr;
    ++line_;
    const auto end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);

    if (line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    trim_front(line);
    if (is_comment(line)) line = {};
    if (const auto unread = unread_part(line)) {
      refuse(*unread);
      return nullptr;
    }
    if (const auto unknown = unknown_section(line)) {
      refuse(fmt::format("there is no section {}; --help lists all keys", log::quoted(*unknown)));
      return nullptr;
    }
    if (line.size() + 2 > size) {
      refuse(fmt::format("a line may have at most {} bytes", size - 2));
      return nullptr;
    }
    line.copy(buffer, line.size());
    buffer[line.size()] = '\n';
    buffer[line.size() + 1] = '\0';
    return buffer;
  }

  // inih's ini_handler: 0 means a bad line.
  static int on_value(void* self, const char* section, const char* key, const char* value) {
    return static_cast<IniReading*>(self)->on_value(section, key, value) ? 1 : 0;
  }

  bool on_value(const std::string& section, const std::string& key, const char* value) {
    if (section.empty()) {
      return refuse(fmt::format("the key {} comes before any [section]", log::quoted(key)));
    }
    const std::string full = section + "." + key;
    const auto [first, is_new] = seen_.emplace(full, line_);
    if (!is_new) {
      return refuse(fmt::format("the key {} is given twice, first in line {}", log::quoted(full),
                                first->second));
    }
    const auto done = settings_.set(section, key, value, fmt::format("{}:{}", name_, line_));
    if (!done) keep(done.error());
    return done.has_value();
  }

  bool refuse(const std::string& sentence) {
    keep({ErrorCode::kInvalidArgument, fmt::format("{}:{}: {}", name_, line_, sentence)});
    return false;
  }

  void keep(const Error& error) {
    if (error_) return;
    error_ = error;
    error_line_ = line_;
  }

  std::string_view rest_;
  const std::string name_;
  Settings& settings_;
  int line_ = 0;
  std::map<std::string, int> seen_;  // key → its line
  std::optional<Error> error_;       // the first one
  int error_line_ = 0;
};

}  // namespace

Result<void> load_ini_text(std::string_view text, const std::string& name, Settings& settings) {
  if (text.size() > kFileMaxBytes) {
    return fail(ErrorCode::kInvalidArgument, name + ": this is not a configuration file");
  }
  if (const auto null = text.find('\0'); null != std::string_view::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + null, '\n');
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{}:{}: there is a null byte: this is not a configuration file", name, line));
  }
  return IniReading(text, name, settings).run();
}

Result<void> load_ini_file(const std::string& path, Settings& settings) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || file.bad()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("cannot read the configuration file {}: {}", path, std::strerror(errno)));
  }
  return load_ini_text(text, path, settings);
}

}  // namespace chat::server
