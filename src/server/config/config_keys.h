#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/config/config.h"

namespace chat::server {

enum class KeyType {
  kInteger,          // min … max; with zero_is_off also 0
  kText,             // min … max bytes
  kName,             // like kText, of letters, digits and ._-:[] only
  kChoice,           // one of `choices`
  kAddress,          // ADDRESS:PORT
  kOptionalAddress,  // the same, or empty
};

// A value that passed the checks of its key. `text` is its canonical spelling.
struct Value {
  std::string text;
  std::int64_t number = 0;  // kInteger: the number; kChoice: the index in `choices`
  net::Address address;     // kAddress, and kOptionalAddress unless empty
};

// The description of one key. The table of keys drives parsing, checks, --check, --help and the
// test of conf/server.ini.
// Threading: immutable.
struct Key {
  std::string_view section = {};
  std::string_view name = {};
  KeyType type = KeyType::kText;
  std::string_view default_text = {};
  std::int64_t min = 0;
  std::int64_t max = 0;
  bool zero_is_off = false;
  std::string_view choices = {};  // kChoice: "sqlite|mysql"
  std::string_view unit = {};     // as in conf/server.ini; empty for plain texts
  std::string_view help = {};     // one line
  // Secrets only: the environment variable for the value; with _FILE appended, for its file.
  std::string_view environment = {};
  // Null if there is nothing to store (only the default is possible).
  void (*store)(Config& config, const Value& value) = nullptr;

  bool secret() const { return !environment.empty(); }
  std::string full_name() const { return std::string(section) + "." + std::string(name); }
};

// In the order of conf/server.ini, grouped by section.
std::span<const Key> keys();

// Null if there is no such key.
const Key* find_key(std::string_view section, std::string_view name);

}  // namespace chat::server
