#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/base/result.h"
#include "server/config/config.h"
#include "server/config/config_keys.h"

namespace chat::server {

// The value of every key, layer over layer: starts with the defaults; each later set() wins.
// Every error names where the value came from, the key, the value and what is allowed.
// Threading: externally synchronised.
class Settings {
 public:
  Settings();

  // `origin` is "conf/server.ini:12", "--set" or the name of an environment variable.
  Result<void> set(std::string_view section, std::string_view name, std::string_view text,
                   const std::string& origin);

  // Whether a password has been given by now.
  bool hold_secret() const;

  // The ready configuration; refuses what this version does not offer yet.
  Result<Config> finish() const;

  // The same as ini text that can be read again. Secrets are masked, in comment lines.
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

// What the server runs with when nobody chooses anything.
Config default_config();

}  // namespace chat::server
