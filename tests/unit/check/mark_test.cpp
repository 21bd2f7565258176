#include "client/check/mark.h"

#include <gtest/gtest.h>

#include "chat/protocol/limits.h"
#include "chat/protocol/utf8.h"

namespace chat::client::check {
namespace {

TEST(Mark, RoundTripsThroughAText) {
  for (std::uint32_t number = 0; number < 20; ++number) {
    const Mark mark{7, 3, number};
    const std::string text = text_of("run", mark);
    EXPECT_TRUE(protocol::is_valid_utf8(text));
    EXPECT_EQ(read_text("run", text), mark) << text;
  }
}

TEST(Mark, IsNotReadFromAnythingElse) {
  const std::string text = text_of("run", {7, 3, 2});
  EXPECT_FALSE(read_text("ran", text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(read_text("run", text.substr(0, i))) << i;
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(read_text("run", changed), (Mark{7, 3, 2})) << i;
  }
  EXPECT_FALSE(read_text("run", text + " "));
  EXPECT_FALSE(read_text("run", "chatcheck run 07 3 2 schöne Grüße"));
  EXPECT_FALSE(read_text("run", "chatcheck run 99999999999 3 2 plain"));
}

TEST(Cid, RoundTripsAndFitsTheLimit) {
  const std::string cid = cid_of("0123abcd", 4'000'000'000);
  EXPECT_LE(cid.size(), protocol::kCidMaxBytes);
  EXPECT_EQ(read_cid("0123abcd", cid), 4'000'000'000);
  for (const char* other : {"", "0123abcd", "0123abcd-", "0123abcd-x", "0123abcd-1x", "c1",
                            "0123abcd-01", "0123abce-1", "0123abcd_1"}) {
    EXPECT_FALSE(read_cid("0123abcd", other)) << other;
  }
}

}  // namespace
}  // namespace chat::client::check
