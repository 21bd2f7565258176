// limits.bytes_per_second: what counts as how many bytes, and that going over it costs nothing but
// time.
#include "integration/server_fixture.h"

namespace chat::test {
namespace {

using std::chrono::steady_clock;

class ByteRate : public InBothFramings {
 protected:
  static constexpr int kRate = 100'000;  // twice as many in a burst

  ByteRate() : InBothFramings(Settings{"limits.bytes_per_second=" + std::to_string(kRate)}) {}

  // All at once. How long it takes until each has its answer.
  static steady_clock::duration time_of(RawClient& client, const Json& request, int count) {
    std::string burst;
    for (int i = 0; i < count; ++i) burst += client.framed(request);
    const int answer = 100 + request.at("msgid").get<int>();
    const auto begin = steady_clock::now();
    client.send_raw(burst);
    for (int i = 0; i < count; ++i) expect_ok(client.receive(), answer);
    return steady_clock::now() - begin;
  }
};
CHAT_RUN_IN_BOTH_FRAMINGS(ByteRate);

TEST_P(ByteRate, SlowsDownAndNeverRefuses) {
  RawClient fast = connect();
  RawClient other = connect();
  const Json ping = {{"msgid", 21}, {"pad", std::string(1000, 'x')}};
  constexpr int kPings = 600;  // 6 s worth of input, of which a burst may be free
  std::string burst;
  for (int i = 0; i < kPings; ++i) burst += fast.framed(ping);
  const auto begin = steady_clock::now();
  fast.send_raw(burst);
  expect_alive(other);
  EXPECT_LT(steady_clock::now() - begin, scaled(milliseconds{1000})) << "others are not slowed";
  for (int i = 0; i < kPings; ++i) expect_ok(fast.receive(), 121);
  EXPECT_GT(steady_clock::now() - begin, milliseconds{1000});
}

TEST_P(ByteRate, TheSmallestRequestsCountAs32Bytes) {
  User user = new_user("alice");
  EXPECT_GT(time_of(user.client, {{"msgid", 21}}, 3 * kRate / 32), milliseconds{800});
}

TEST_P(ByteRate, SmallRequestsBeforeLoginCountAs512Bytes) {
  RawClient client = connect();
  EXPECT_GT(time_of(client, {{"msgid", 21}}, 3 * kRate / 512), milliseconds{800});
}

TEST_P(ByteRate, RepliesBeforeLoginCountByteForByte) {
  RawClient client = connect();
  const Json hello = {{"msgid", 20}};
  const int bytes = 512 + static_cast<int>(client.request(hello).dump().size());
  EXPECT_GT(time_of(client, hello, 5 * kRate / bytes), milliseconds{800});
}

TEST_P(ByteRate, DatabaseRequestsCountAs256Bytes) {
  User user = new_user("alice");
  EXPECT_GT(time_of(user.client, {{"msgid", 31}, {"kind", "friends"}}, 3 * kRate / 256),
            milliseconds{800});
}

TEST_P(ByteRate, SixteenBytesOfRepliesCountAsOne) {
  User alice = new_user("alice");
  User bob = new_user("bob");
  const std::string text(4000, 'x');
  for (int i = 0; i < 20; ++i) alice.chat(bob.id(), text);
  const Json page = {{"msgid", 25}, {"with", bob.id()}};
  const int page_bytes = 15 * static_cast<int>(text.size());
  EXPECT_GT(time_of(alice.client, page, 3 * kRate * 16 / page_bytes), milliseconds{800});
}

}  // namespace
}  // namespace chat::test
