#include "server/config/config_value.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chat::server {
namespace {

Result<Value> parse(std::string_view section, std::string_view name, std::string_view text) {
  return parse_value(*find_key(section, name), text);
}

TEST(ConfigValue, AcceptsOnlyWholeNumbersInRange) {
  for (const std::string good : {"1", "64", "007"}) {
    EXPECT_TRUE(parse("mysql", "pool_size", good)) << good;
  }
  for (const std::string bad :
       {"", " ", "0", "65", "-1", "+1", "12x", "x12", "1.0", "1e1", "0x10", " 1", "1 ", "1,0",
        "9223372036854775808", "18446744073709551617", "99999999999999999999999999"}) {
    EXPECT_FALSE(parse("mysql", "pool_size", bad)) << bad;
  }
}

TEST(ConfigValue, AcceptsZeroForOffIfTheTableAllowsIt) {
  EXPECT_TRUE(parse("limits", "bytes_per_second", "0"));
  EXPECT_TRUE(parse("limits", "bytes_per_second", "1024"));
  EXPECT_FALSE(parse("limits", "bytes_per_second", "1"));
  EXPECT_FALSE(parse("limits", "bytes_per_second", "1023"));
  EXPECT_FALSE(parse("auth", "token_days", "0"));
}

TEST(ConfigValue, NormalisesNumbers) {
  EXPECT_EQ(parse("mysql", "pool_size", "007")->text, "7");
  EXPECT_EQ(parse("mysql", "pool_size", "007")->number, 7);
}

TEST(ConfigValue, NormalisesAddressesOfBothFamilies) {
  const std::vector<std::pair<std::string, std::string>> addresses = {
      {"127.0.0.1:0", "127.0.0.1:0"},       {"0.0.0.0:65535", "0.0.0.0:65535"},
      {"[::1]:6000", "[::1]:6000"},         {"[0:0::1]:6000", "[::1]:6000"},
      {"localhost:6000", "127.0.0.1:6000"},
  };
  for (const auto& [typed, spelled] : addresses) {
    const auto value = parse("server", "listen", typed);
    ASSERT_TRUE(value) << typed;
    EXPECT_EQ(value->text, spelled);
    EXPECT_EQ(value->address.to_string(), spelled);
  }
}

TEST(ConfigValue, RefusesInvalidAddresses) {
  for (const std::string bad : {"",
                                ":",
                                "6000",
                                ":6000",
                                "127.0.0.1",
                                "127.0.0.1:",
                                "127.0.0.1:-1",
                                "127.0.0.1:65536",
                                "127.0.0.1:60x",
                                "127.0.0.1: 6000",
                                "127.0.0:6000",
                                "256.0.0.1:1",
                                "::1:6000",
                                "[::1]",
                                "[::1]6000",
                                "[::1:6000",
                                "[]:6000",
                                "[127.0.0.1]:1",
                                "[::g]:1",
                                "example.org:80"}) {
    EXPECT_FALSE(parse("server", "listen", bad)) << bad;
  }
  EXPECT_TRUE(parse("server", "proxy_listen", ""));
  EXPECT_FALSE(parse("server", "proxy_listen", "6000"));
}

TEST(ConfigValue, ReturnsTheIndexOfAChoice) {
  EXPECT_EQ(parse("storage", "engine", "sqlite")->number, 0);
  EXPECT_EQ(parse("storage", "engine", "mysql")->number, 1);
  for (const std::string bad : {"", "SQLite", "sqlit", "sqlite|mysql", "|", "sqlite "}) {
    EXPECT_FALSE(parse("storage", "engine", bad)) << bad;
  }
}

TEST(ConfigValue, LimitsTexts) {
  EXPECT_TRUE(parse("server", "node", std::string(64, 'n')));
  EXPECT_FALSE(parse("server", "node", std::string(65, 'n')));
  EXPECT_FALSE(parse("server", "node", "a b"));
  EXPECT_FALSE(parse("storage", "path", ""));
  EXPECT_FALSE(parse("storage", "path", "a\nb"));
  EXPECT_FALSE(parse("redis", "socket", std::string(108, 's')));
}

TEST(ConfigValue, RefusesTextsThatIniCannotRepresent) {
  for (const std::string odd : {" a", "a ", "a ;b", ";a"}) {
    EXPECT_FALSE(parse("storage", "path", odd)) << odd;
    EXPECT_TRUE(parse("mysql", "password", odd)) << odd;
  }
}

TEST(ConfigValue, DescribesTheAllowedValues) {
  EXPECT_EQ(parse("mysql", "pool_size", "0").error().message,
            "must be a whole number from 1 to 64");
  EXPECT_EQ(parse("limits", "chat_per_second", "x").error().message,
            "must be a whole number from 1 to 1000000, or 0 for off");
  EXPECT_EQ(parse("log", "level", "x").error().message,
            "must be one of debug, info, warn, error, off");
}

}  // namespace
}  // namespace chat::server
