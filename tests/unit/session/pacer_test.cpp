#include "session/pacer.h"

#include <gtest/gtest.h>

namespace chat::session {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr base::SteadyTime kStart{1h};

std::string frame(const std::string& json) {
  return json + '\0';
}

TEST(Pacer, GivesOneObjectAtATimeWithGapsBetween) {
  Pacer pacer;
  pacer.add(frame("{\"msgid\":6,\"n\":1}") + frame("{\"msgid\":6,\"n\":2}"));
  EXPECT_EQ(pacer.take(kStart), frame("{\"msgid\":6,\"n\":1}"));
  EXPECT_EQ(pacer.take(kStart), std::nullopt);
  EXPECT_EQ(pacer.due(), kStart + Pacer::kGap);
  EXPECT_EQ(pacer.take(kStart + Pacer::kGap - 1ms), std::nullopt);
  EXPECT_EQ(pacer.take(kStart + Pacer::kGap), frame("{\"msgid\":6,\"n\":2}"));
  EXPECT_TRUE(pacer.empty());
  EXPECT_EQ(pacer.due(), std::nullopt);
}

TEST(Pacer, TextWithoutANulIsOneObject) {
  Pacer pacer;
  const std::string text = "{\"msgid\":121,\"errno\":0}\n{\"msgid\":121,\"errno\":0}\n";
  pacer.add(frame("{\"msgid\":6}") + text);
  EXPECT_EQ(pacer.take(kStart), frame("{\"msgid\":6}"));
  EXPECT_EQ(pacer.take(kStart + 1s), text);
  EXPECT_TRUE(pacer.empty());
}

TEST(Pacer, IsFullWithFewObjectsAndShortBeforeItIsEmpty) {
  Pacer pacer;
  EXPECT_TRUE(pacer.is_short());
  for (std::size_t i = 0; i < Pacer::kFull; ++i) {
    EXPECT_FALSE(pacer.is_full()) << i;
    EXPECT_EQ(pacer.is_short(), i <= Pacer::kShort) << i;
    pacer.add(frame("{\"msgid\":6}"));
  }
  EXPECT_TRUE(pacer.is_full());
  for (base::SteadyTime now = kStart; !pacer.is_short(); now += Pacer::kGap) pacer.take(now);
  EXPECT_FALSE(pacer.empty());
}

TEST(Pacer, DropsPushesAndKeepsAnswers) {
  const std::string answer = frame("{\"msgid\":2,\"errno\":0}");
  const std::string push = frame("{\"msgid\":6,\"id\":1}");
  Pacer pacer;
  pacer.add(push + answer + push);
  EXPECT_EQ(pacer.drop_pushes(), 2 * push.size());
  EXPECT_EQ(pacer.take(kStart), answer);
  EXPECT_TRUE(pacer.empty());
}

TEST(Pacer, WaitsLongerForPushesAfterAnAnswerButNotForAnotherAnswer) {
  for (const std::string& answer :
       {frame("{\"msgid\":2,\"errno\":0}"), frame("{\"msgid\":5,\"errno\":0}"),
        frame("{\"msgid\":4,\"errno\":1}")}) {
    Pacer pacer;
    pacer.add(answer);
    EXPECT_EQ(pacer.take(kStart), answer);
    pacer.add(frame("{\"msgid\":6}"));
    EXPECT_EQ(pacer.due(), kStart + Pacer::kGapAfterAnswer);
    Pacer other;
    other.add(answer + answer);
    EXPECT_EQ(other.take(kStart), answer);
    EXPECT_EQ(other.due(), kStart + Pacer::kGap);
  }
}

}  // namespace
}  // namespace chat::session
