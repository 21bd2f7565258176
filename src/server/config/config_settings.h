#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "server/config/config.h"
#include "server/config/config_keys.h"

namespace chat::server {

// The values of all keys: initially the defaults; each later set() wins. Errors name the value's
// origin, the key, the value and what is allowed.
// Threading: externally synchronised.
class Settings {
 public:
  Settings();

  // `origin` is "conf/server.ini:12", "--set" or the name of an environment variable.
  Result<void> set(std::string_view section, std::string_view name, std::string_view text,
                   const std::string& origin);

  // True if a password was given.
  bool hold_secret() const;

  // The final configuration; refuses invalid combinations of keys.
  Result<Config> finish() const;

  // The settings as a valid ini file, with secrets masked in comments.
  std::string to_ini() const;

 private:
  tl::unexpected<Error> refuse_entry(std::string_view full_name, std::string_view why) const;

  struct Entry {
    const Key* key;
    Value value;
    std::string origin;  // empty: the default
  };
  std::vector<Entry> entries_;
};

// The configuration with all defaults.
Config default_config();

}  // namespace chat::server
