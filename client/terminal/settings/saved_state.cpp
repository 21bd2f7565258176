// Two files: `history`, a line each (line ends within one are written as \n, backslashes as \\),
// and `tokens.json`. Each is replaced as a whole by a rename, so that none is ever half written. A
// file that others could have read or written is not used.
#include "client/terminal/settings/saved_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "chat/base/unique_fd.h"
#include "client/terminal/terminal.h"

namespace chat::client {
namespace {

using nlohmann::json;

constexpr const char* kHistory = "history";
constexpr const char* kTokens = "tokens.json";
constexpr std::size_t kFileMaxBytes = 8 * 1024 * 1024;
constexpr mode_t kOthers = 077;

std::string escaped(std::string_view line) {
  std::string out;
  for (const char each : line) {
    if (each == '\\')
      out += "\\\\";
    else if (each == '\n')
      out += "\\n";
    else
      out += each;
  }
  return out;
}

std::string unescaped(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      out += line[i];
    } else {
      out += line[++i] == 'n' ? '\n' : line[i];
    }
  }
  return out;
}

bool is_of(const json& entry, const SavedState::Server& server) {
  return entry.is_object() && entry.value("host", "") == server.host &&
         entry.value("port", 0) == server.port;
}

// Nothing if the file is damaged.
json entries_in(const std::optional<std::string>& file) {
  json entries = json::parse(file.value_or("[]"), nullptr, false);
  return entries.is_array() ? entries : json::array();
}

template <typename Reads>
auto reading(Reads read, decltype(read()) otherwise) {
  try {
    return read();
  } catch (const json::exception&) {  // fields of other types
    return otherwise;
  }
}

}  // namespace

std::string state_directory() {
  const char* const given = std::getenv("XDG_STATE_HOME");
  if (given != nullptr && *given == '/') return std::string(given) + "/chat";
  const char* const home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : std::string(home) + "/.local/state/chat";
}

std::vector<std::string> SavedState::lines() {
  std::vector<std::string> out;
  const std::string file = read(kHistory).value_or("");
  std::string_view rest = file;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    out.push_back(unescaped(line));
  }
  return out;
}

// Reads the file again: another client may have added lines.
void SavedState::add_line(std::string_view line) {
  if (directory_.empty()) return;
  std::vector<std::string> all = lines();
  if (!all.empty() && all.back() == line) return;
  all.emplace_back(line);
  const std::size_t dropped = all.size() > kLinesMost ? all.size() - kLinesMost : 0;
  std::string file;
  for (std::size_t i = dropped; i < all.size(); ++i) file += escaped(all[i]) + '\n';
  write(kHistory, file);
}

std::optional<SavedState::Token> SavedState::token(const Server& server, const UserRef& user) {
  return reading(
      [&]() -> std::optional<Token> {
        const json entries = entries_in(read(kTokens));
        for (const json& each : entries) {  // the last used one first
          if (!is_of(each, server)) continue;
          Token out{{{each.value("id", 0)}, each.value("name", "")}, each.value("token", "")};
          const bool any = !user.id && user.name.empty();
          if (any || out.user.id == user.id || (!user.id && out.user.name == user.name)) return out;
        }
        return std::nullopt;
      },
      std::nullopt);
}

void SavedState::keep_token(const Server& server, const Token& token) {
  if (directory_.empty()) return;
  drop_token(server, token.user.id);
  json entries = entries_in(read(kTokens));
  entries.insert(entries.begin(), json{{"host", server.host},
                                       {"port", server.port},
                                       {"id", token.user.id.value},
                                       {"name", token.user.name},
                                       {"token", token.token}});
  while (entries.size() > kTokensMost) entries.erase(entries.size() - 1);
  write(kTokens, entries.dump(1, ' ', true, json::error_handler_t::replace) + '\n');
}

void SavedState::drop_token(const Server& server, UserId user) {
  json entries = entries_in(read(kTokens));
  const auto is_it = [&](const json& each) {
    return reading([&] { return is_of(each, server) && each.value("id", 0) == user.value; }, true);
  };
  const std::size_t before = entries.size();
  entries.erase(std::remove_if(entries.begin(), entries.end(), is_it), entries.end());
  if (entries.size() == before) return;
  write(kTokens, entries.dump(1, ' ', true, json::error_handler_t::replace) + '\n');
}

std::optional<std::string> SavedState::read(const std::string& name) {
  if (directory_.empty()) return std::nullopt;
  const std::string path = directory_ + '/' + name;
  const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return std::nullopt;
  struct stat status {};
  const bool private_file = ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                            status.st_uid == ::geteuid() && (status.st_mode & kOthers) == 0;
  if (!private_file) {
    fail(path + " is not used: others than its owner may read or write it");
    return std::nullopt;
  }
  std::string out;
  char chunk[16384];
  for (ssize_t count = 1; count > 0 && out.size() < kFileMaxBytes;) {
    count = ::read(file.get(), chunk, sizeof chunk);
    if (count > 0) out.append(chunk, static_cast<std::size_t>(count));
  }
  return out;
}

void SavedState::write(const std::string& name, const std::string& content) {
  if (failed_ || !make_directory()) return;
  const std::string path = directory_ + '/' + name;
  std::string temporary = path + ".XXXXXX";
  base::UniqueFd file(::mkostemp(temporary.data(), O_CLOEXEC));  // with mode 0600
  if (!file) return fail(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  const bool written =
      write_all(file.get(), content) && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (written) return;
  fail(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  ::unlink(temporary.c_str());
}

// With its parents, each for its owner only.
bool SavedState::make_directory() {
  for (std::size_t at = directory_.find('/', 1);; at = directory_.find('/', at + 1)) {
    const std::string part = directory_.substr(0, at);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      fail(fmt::format("cannot create {}: {}", part, std::strerror(errno)));
      return false;
    }
    if (at == std::string::npos) return true;
  }
}

void SavedState::fail(const std::string& what) {
  if (!std::exchange(failed_, true)) problem_ = what;
}

}  // namespace chat::client
