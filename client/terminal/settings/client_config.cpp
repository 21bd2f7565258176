#include "client/terminal/settings/client_config.h"

#include <fmt/format.h>
#include <ini.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "client/core/text.h"
#include "client/terminal/commands/command_text.h"

namespace chat::client {

const char* const kConfigHelp = R"(  server = HOST[:PORT]       as --host and --port
  user = NAME                as --user
  tls = on|off, ca = FILE    as --tls and --ca
  colour = auto|always|never auto: on a terminal, unless NO_COLOR is set
  marks = quiet|lines|off    what has become of your messages: a mark in the message, lines, nothing
  bell = unfocused|always|off   at a direct message or a mention
  history = on|off           keep the typed lines (never passwords) for the next start
  token = on|off             stay logged in after the end of the client, until /logout
)";

namespace {

template <typename T>
struct Word {
  const char* word;
  T value;
};
constexpr Word<bool> kOnOff[] = {{"on", true}, {"off", false}};
constexpr Word<ColorWhen> kColors[] = {
    {"auto", ColorWhen::kAuto}, {"always", ColorWhen::kAlways}, {"never", ColorWhen::kNever}};
constexpr Word<MarkStyle> kMarks[] = {
    {"quiet", MarkStyle::kQuiet}, {"lines", MarkStyle::kLines}, {"off", MarkStyle::kOff}};
constexpr Word<Bell> kBells[] = {
    {"unfocused", Bell::kUnfocused}, {"always", Bell::kAlways}, {"off", Bell::kOff}};

tl::unexpected<Error> wrong_value(std::string text) {
  return fail(ErrorCode::kInvalidArgument, std::move(text));
}

template <typename T, std::size_t N>
Result<void> choose(const Word<T> (&words)[N], const std::string& value, T& out) {
  std::string all;
  for (const Word<T>& each : words) {
    if (value == each.word) {
      out = each.value;
      return {};
    }
    all += (all.empty() ? "" : ", ") + std::string(each.word);
  }
  return wrong_value("is one of " + all);
}

// host, host:port, [address]:port or an IPv6 address.
Result<void> set_server(const std::string& value, ClientOptions& options) {
  std::string host = value;
  std::optional<std::int32_t> port = options.port;
  const auto colon = value.rfind(':');
  const bool bracketed = value.starts_with('[');
  const bool has_port =
      colon != std::string::npos &&
      (bracketed ? colon > 0 && value[colon - 1] == ']' : value.find(':') == colon);
  if (has_port) {
    host = value.substr(0, colon);
    port = parse_number(value.substr(colon + 1));
  }
  if (host.size() > 2 && bracketed && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty() || !port || *port > 65535) return wrong_value("is HOST or HOST:PORT");
  options.host = host;
  options.port = static_cast<std::uint16_t>(*port);
  return {};
}

struct Reading {
  ClientOptions& options;
  std::ifstream file;
  int line = 0;  // the last one read
  std::optional<std::pair<int, std::string>> error{};
};

// inih's ini_reader, like fgets(). inih reports a line before it reads the next one.
char* next_line(char* buffer, int size, void* data) {
  auto& reading = *static_cast<Reading*>(data);
  std::string line;
  if (!std::getline(reading.file, line)) return nullptr;
  ++reading.line;
  // Indentation would continue the value above.
  const std::string text(trim(line));
  const bool fits = text.size() + 2 < static_cast<std::size_t>(size);
  if (!fits && !reading.error) reading.error = {reading.line, "the line is too long"};
  std::snprintf(buffer, static_cast<std::size_t>(size), "%s\n", fits ? text.c_str() : "");
  return buffer;
}

int on_value(void* data, const char* section, const char* name, const char* value) {
  auto& reading = *static_cast<Reading*>(data);
  if (reading.error) return 1;
  if (*section != '\0') {
    reading.error = {reading.line, "this file has no sections"};
    return 1;
  }
  if (const auto set = set_option(name, value, reading.options); !set) {
    reading.error = {reading.line, harmless(name) + ' ' + set.error().message};
  }
  return 1;
}

std::string directory_of(const char* variable, const char* by_default) {
  const char* const given = std::getenv(variable);
  if (given != nullptr && *given == '/') return given;  // a relative one is invalid
  const char* const home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : std::string(home) + by_default;
}

}  // namespace

std::string config_path() {
  const std::string directory = directory_of("XDG_CONFIG_HOME", "/.config");
  return directory.empty() ? "" : directory + "/chat/client.conf";
}

Result<void> set_option(const std::string& key, const std::string& value, ClientOptions& options) {
  if (key == "server") return set_server(value, options);
  if (key == "colour" || key == "color") return choose(kColors, value, options.color);
  if (key == "marks") return choose(kMarks, value, options.marks);
  if (key == "bell") return choose(kBells, value, options.bell);
  if (key == "history") return choose(kOnOff, value, options.keeps_history);
  if (key == "token") return choose(kOnOff, value, options.keeps_token);
  if (key == "tls") return choose(kOnOff, value, options.tls);
  if (value.empty()) return wrong_value("has no value");
  if (key == "user") {
    options.user = value;
  } else if (key == "ca") {
    options.tls_options.ca_file = value;
  } else {
    return wrong_value("is no setting; chatclient --help lists them");
  }
  return {};
}

Result<void> read_config(const std::string& path, ClientOptions& options) {
  if (path.empty()) return {};
  Reading reading{options, std::ifstream(path)};
  if (!reading.file) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return wrong_value(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  const int line = ini_parse_stream(next_line, &reading, on_value, &reading);
  if (reading.file.bad()) return wrong_value("cannot read " + path);
  if (reading.error && (line <= 0 || reading.error->first <= line)) {
    return wrong_value(fmt::format("{}:{}: {}", path, reading.error->first, reading.error->second));
  }
  if (line > 0) return wrong_value(fmt::format("{}:{}: this is not `key = value`", path, line));
  return {};
}

}  // namespace chat::client
