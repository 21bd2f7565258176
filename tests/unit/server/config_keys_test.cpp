#include "server/config/config_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/config/config_file.h"
#include "server/config/config_settings.h"

namespace chat::server {
namespace {

struct Line {
  std::string value;
  std::string comment;  // the paragraph right above
};

// conf/server.ini, parsed independently of the server's parser.
std::map<std::string, Line> lines_of_the_shipped_file(std::vector<std::string>* order) {
  std::ifstream file(CHAT_CONF_DIR "/server.ini");
  std::map<std::string, Line> lines;
  std::string section;
  std::string comment;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(";")) {
      comment += line + "\n";
      continue;
    }
    if (line.starts_with("[")) {
      section = line.substr(1, line.size() - 2);
    } else if (const auto equals = line.find(" ="); equals != std::string::npos) {
      const std::string key = section + "." + line.substr(0, equals);
      const std::string value = line.substr(std::min(equals + 3, line.size()));
      EXPECT_TRUE(lines.emplace(key, Line{value, comment}).second) << key;
      order->push_back(key);
    } else {
      EXPECT_EQ(line, "");
    }
    comment.clear();
  }
  return lines;
}

TEST(ShippedConfiguration, ListsEveryKeyInOrderWithExactlyItsDefault) {
  std::vector<std::string> order;
  const auto lines = lines_of_the_shipped_file(&order);
  std::vector<std::string> expected;
  for (const Key& key : keys()) {
    expected.push_back(key.full_name());
    const auto line = lines.find(key.full_name());
    ASSERT_NE(line, lines.end()) << key.full_name();
    EXPECT_EQ(line->second.value, key.default_text) << key.full_name();
  }
  EXPECT_EQ(order, expected);
}

TEST(ShippedConfiguration, ExplainsEveryKeyInPlaceWithItsUnit) {
  std::vector<std::string> order;
  const auto lines = lines_of_the_shipped_file(&order);
  for (const Key& key : keys()) {
    const std::string& comment = lines.at(key.full_name()).comment;
    EXPECT_GE(comment.size(), 20U) << key.full_name();
    // For "TCP port" and the like the first word suffices.
    const std::string unit(key.unit.substr(0, key.unit.find(' ')));
    EXPECT_NE(comment.find(unit), std::string::npos) << key.full_name() << " lacks " << unit;
    if (!key.environment.empty()) {
      EXPECT_NE(comment.find(key.environment), std::string::npos) << key.full_name();
    }
  }
}

TEST(ShippedConfiguration, EqualsTheDefaults) {
  Settings shipped;
  const auto loaded = load_ini_file(CHAT_CONF_DIR "/server.ini", shipped);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(shipped.to_ini(), Settings().to_ini());
}

TEST(ConfigKeys, AreUniqueAndDocumented) {
  std::set<std::string> names;
  for (const Key& key : keys()) {
    EXPECT_TRUE(names.insert(key.full_name()).second) << key.full_name();
    EXPECT_FALSE(key.help.empty()) << key.full_name();
    EXPECT_NE(key.store, nullptr) << key.full_name();
    EXPECT_EQ(find_key(key.section, key.name), &key);
  }
  EXPECT_EQ(find_key("server", "nonsense"), nullptr);
  EXPECT_EQ(find_key("", "listen"), nullptr);
}

TEST(ConfigKeys, EachKeyLandsInItsOwnMember) {
  Settings settings;
  const std::vector<std::array<std::string, 3>> values = {
      {"server", "listen", "[::1]:7"},
      {"server", "proxy_listen", "10.0.0.1:8"},
      {"server", "node", "n1"},
      {"server", "io_threads", "3"},
      {"server", "workers", "5"},
      {"storage", "path", "p"},
      {"mysql", "host", "mh"},
      {"mysql", "port", "11"},
      {"mysql", "socket", "ms"},
      {"mysql", "user", "mu"},
      {"mysql", "password", "mp"},
      {"mysql", "database", "md"},
      {"mysql", "pool_size", "13"},
      {"redis", "host", "rh"},
      {"redis", "port", "17"},
      {"redis", "socket", "rs"},
      {"redis", "password", "rp"},
      {"redis", "db", "19"},
      {"auth", "argon2_memory_kib", "23"},
      {"auth", "argon2_ops", "29"},
      {"auth", "token_days", "31"},
      {"limits", "chat_per_second", "37"},
      {"limits", "register_per_minute", "41"},
      {"limits", "login_failures_per_minute", "43"},
      {"limits", "bytes_per_second", "4096"},
      {"limits", "connections", "47"},
      {"limits", "connections_per_address", "53"},
      {"limits", "slow_clients", "59"},
      {"log", "level", "error"},
      {"log", "file", "lf"},
  };
  for (const auto& [section, name, value] : values) {
    ASSERT_TRUE(settings.set(section, name, value, "test")) << section << "." << name;
  }
  const auto c = settings.finish();
  ASSERT_TRUE(c);
  EXPECT_EQ(c->server.listen.to_string(), "[::1]:7");
  EXPECT_EQ(c->server.proxy_listen->to_string(), "10.0.0.1:8");
  EXPECT_EQ(c->server.node, "n1");
  EXPECT_EQ(c->server.io_threads, 3U);
  EXPECT_EQ(c->server.workers, 5U);
  EXPECT_EQ(c->storage.path, "p");
  EXPECT_EQ(c->mysql.host + c->mysql.socket + c->mysql.user, "mhmsmu");
  EXPECT_EQ(c->mysql.password + c->mysql.database, "mpmd");
  EXPECT_EQ(c->mysql.port, 11);
  EXPECT_EQ(c->mysql.pool_size, 13U);
  EXPECT_EQ(c->redis.host + c->redis.socket + c->redis.password, "rhrsrp");
  EXPECT_EQ(c->redis.port, 17);
  EXPECT_EQ(c->redis.db, 19U);
  EXPECT_EQ(c->auth.argon2_memory_kib, 23U);
  EXPECT_EQ(c->auth.argon2_ops, 29U);
  EXPECT_EQ(c->auth.token_lifetime, std::chrono::days{31});
  EXPECT_EQ(c->limits.chat_per_second, 37U);
  EXPECT_EQ(c->limits.register_per_minute, 41U);
  EXPECT_EQ(c->limits.login_failures_per_minute, 43U);
  EXPECT_EQ(c->limits.bytes_per_second, 4096U);
  EXPECT_EQ(c->limits.connections, 47U);
  EXPECT_EQ(c->limits.connections_per_address, 53U);
  EXPECT_EQ(c->limits.slow_clients, 59U);
  EXPECT_EQ(c->log.level, chat::log::Level::kError);
  EXPECT_EQ(c->log.file, "lf");
}

TEST(ConfigKeys, LogLevelsStandInTheOrderOfTheirEnum) {
  using chat::log::Level;
  const std::map<std::string, Level> levels = {{"debug", Level::kDebug},
                                               {"info", Level::kInfo},
                                               {"warn", Level::kWarn},
                                               {"error", Level::kError},
                                               {"off", Level::kOff}};
  for (const auto& [name, level] : levels) {
    Settings settings;
    ASSERT_TRUE(settings.set("log", "level", name, "test"));
    EXPECT_EQ(settings.finish()->log.level, level) << name;
  }
}

TEST(Config, DefaultsMatchTheDocumentation) {
  const Config config = default_config();
  EXPECT_EQ(config.server.listen.to_string(), "127.0.0.1:6000");
  EXPECT_FALSE(config.server.proxy_listen);
  EXPECT_EQ(config.storage.engine, StorageEngine::kSqlite);
  EXPECT_EQ(config.storage.path, "var/chat.db");
  EXPECT_EQ(config.bus.engine, BusEngine::kLocal);
  EXPECT_EQ(config.auth.token_lifetime, std::chrono::days{30});
  EXPECT_GE(config.server.io_threads, 1U);
  EXPECT_GE(config.server.workers, 4U);
}

net::Address address(const char* text) {
  return *net::Address::parse(text);
}

TEST(Config, NodeNameUsesTheHostNameForWildcardAddresses) {
  EXPECT_EQ(default_node_name(address("127.0.0.1:6000")), "127.0.0.1:6000");
  EXPECT_EQ(default_node_name(address("[::1]:7")), "[::1]:7");
  const std::string everywhere = default_node_name(address("0.0.0.0:6000"));
  EXPECT_TRUE(everywhere.ends_with(":6000"));
  EXPECT_FALSE(everywhere.starts_with("0.0.0.0"));
  EXPECT_EQ(default_node_name(address("[::]:6000")), everywhere);
}

}  // namespace
}  // namespace chat::server
