// Abuse of every kind without a login, beside two normal users.
#include "flood_fixture.h"

namespace chat::test {
namespace {

struct Flood {
  const char* name;
  Hose::Stream stream;
};

// More accounts than the hash lane can check in time.
std::string guesses(int accounts) {
  std::string out;
  for (int i = 0; i < accounts; ++i) {
    out += line({{"msgid", 1}, {"id", 2'000'000'000 + i}, {"password", "wrong!"}});
  }
  return out;
}

std::vector<Flood> floods() {
  return {
      {"pings", {repeated("{\"msgid\":21}\n", 1000), 20, false, 0}},
      {"half_frames", {"{\"msgid\":21,\"x\":\"" + repeated("x", 4000), 200, false, 1}},
      {"bad_json", {repeated("{x}\n", 1000), 20, false, 0}},
      {"oversized_lengths", {std::string("\0\xFF\xFF\xFF", 4), 20, false, 0}},
      {"connect_close", {"", 1, true, 0}},
      {"failed_logins", {guesses(2000), 20, false, 0}},
      {"http_gets",
       {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n", 20, true, 0}},
      {"bad_names",
       {repeated(R"({"msgid":4,"name":"a\u0007b","password":"secret-1"})"
                 "\n",
                 200),
        20, false, 0}},
  };
}

class Floods : public BesideAFlood, public ::testing::WithParamInterface<Flood> {};

std::string flood_name(const ::testing::TestParamInfo<Flood>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Kinds, Floods, ::testing::ValuesIn(floods()), flood_name);

TEST_P(Floods, DoNotAffectOtherUsers) {
  const Flood& flood = GetParam();
  Hose hose(port(), flood.stream);
  expect_not_to_notice(flood.name, hose, std::chrono::seconds(5), milliseconds(150));
  EXPECT_TRUE(flood.stream.bytes.empty() || hose.bytes_sent() > 1000) << "that was no flood";
}

}  // namespace
}  // namespace chat::test
