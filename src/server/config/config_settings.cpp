#include "server/config/config_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "chat/base/check.h"
#include "chat/base/log.h"
#include "server/config/config_value.h"

namespace chat::server {
namespace {

constexpr unsigned kIoThreadsMost = 16;
constexpr unsigned kWorkersLeast = 4;
constexpr unsigned kWorkersMost = 32;
constexpr std::string_view kMask = "********";

unsigned cores() {
  return std::max(1U, std::thread::hardware_concurrency());
}

// Socket I/O takes about half of a busy server's time.
unsigned automatic_io_threads() {
  return std::clamp(cores() / 2, 1U, kIoThreadsMost);
}

// More than the cores, because workers wait for a database server.
unsigned automatic_workers() {
  return std::clamp(cores() * 2, kWorkersLeast, kWorkersMost);
}

tl::unexpected<Error> refuse(const Key& key, std::string_view text, const std::string& origin,
                             std::string_view why) {
  const std::string shown = key.secret() ? std::string(kMask) : log::quoted(text);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: {} = {}: {}", origin, key.full_name(), shown, why));
}

// True if a listener on `wide` also accepts connections to `other`, which has the same port. A
// listener on [::] accepts IPv4 as well.
bool covers(const net::Address& wide, const net::Address& other) {
  const std::string host = wide.host();
  return host == other.host() || host == "::" || (host == "0.0.0.0" && !other.is_ipv6());
}

// Port 0 never overlaps.
bool overlap(const net::Address& a, const net::Address& b) {
  return a.port() != 0 && a.port() == b.port() && (covers(a, b) || covers(b, a));
}

}  // namespace

Settings::Settings() {
  for (const Key& key : keys()) {
    auto value = parse_value(key, key.default_text);
    CHAT_CHECK(value);  // a bug in the table of keys
    entries_.push_back({&key, *std::move(value), ""});
  }
}

Result<void> Settings::set(std::string_view section, std::string_view name, std::string_view text,
                           const std::string& origin) {
  const Key* key = find_key(section, name);
  if (key == nullptr) {
    const std::string full = fmt::format("{}.{}", section, name);
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: there is no key {}; --help lists them all", origin, log::quoted(full)));
  }
  auto value = parse_value(*key, text);
  if (!value) return refuse(*key, text, origin, value.error().message);

  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [key](const Entry& e) { return e.key == key; });
  entry->value = *std::move(value);
  entry->origin = origin;
  return {};
}

bool Settings::hold_secret() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return entry.key->secret() && !entry.value.text.empty();
  });
}

Result<Config> Settings::finish() const {
  Config config;
  for (const auto& [key, value, origin] : entries_) {
    if (key->store != nullptr) key->store(config, value);
  }
  if (const auto& proxy = config.server.proxy_listen;
      proxy && overlap(*proxy, config.server.listen)) {
    return refuse_entry("server.proxy_listen",
                        "must not be, or overlap, the address of server.listen");
  }
  if (config.bus.engine == BusEngine::kRedis && config.storage.engine == StorageEngine::kSqlite) {
    return refuse_entry("bus.engine",
                        "needs storage.engine = mysql: several servers cannot share "
                        "an SQLite file");
  }
  if (config.server.io_threads == 0) config.server.io_threads = automatic_io_threads();
  if (config.server.workers == 0) config.server.workers = automatic_workers();
  return config;
}

tl::unexpected<Error> Settings::refuse_entry(std::string_view full_name,
                                             std::string_view why) const {
  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.key->full_name() == full_name; });
  CHAT_CHECK(entry != entries_.end());
  return refuse(*entry->key, entry->value.text, entry->origin, why);
}

std::string Settings::to_ini() const {
  std::string ini;
  std::string_view section;
  for (const auto& [key, value, origin] : entries_) {
    if (key->section != section) {
      ini += fmt::format("{}[{}]\n", section.empty() ? "" : "\n", key->section);
      section = key->section;
    }
    if (key->secret() && !value.text.empty()) {
      ini += fmt::format("; {} = {} (set, not shown)\n", key->name, kMask);
    } else {
      ini += fmt::format("{} ={}{}\n", key->name, value.text.empty() ? "" : " ", value.text);
    }
  }
  return ini;
}

Config default_config() {
  auto config = Settings().finish();
  CHAT_CHECK(config);
  return *config;
}

}  // namespace chat::server
