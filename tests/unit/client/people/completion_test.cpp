#include "client/terminal/commands/completion.h"

#include <gtest/gtest.h>

namespace chat::client {
namespace {

const KnownRefs kKnown{{{{2}, "bob"}, {{3}, "Anna Lee"}, {{6}, "bobby"}},
                       {{{7}, "book club"}, {{8}, "bob"}}};

TEST(Completions, AreCommandsFirstAndThenNames) {
  using List = std::vector<std::string>;
  const auto of = [](std::string_view before) { return completions(before, kKnown); };
  EXPECT_EQ(of("/ch"), List{"/chat"});
  EXPECT_EQ(of("/group"), (List{"/group", "/group-settings", "/groups"}));
  EXPECT_EQ(of("/chat bo"), (List{"/chat bob", "/chat bobby"}));
  EXPECT_EQ(of("/chat \"An"), List{"/chat \"Anna Lee\""});
  EXPECT_EQ(of("/group \"b"), (List{"/group \"book club\"", "/group \"bob\""}));
  EXPECT_EQ(of("/to book"), List{"/to \"book club\""});
  EXPECT_EQ(of("/history group b"), List{"/history group bob"});
  EXPECT_EQ(of("/add bobb"), List{"/add bobby"});
  EXPECT_EQ(of("/kick bo"), List{"/kick bob"});
  EXPECT_EQ(of("/kick \"book club\" bobb"), List{"/kick \"book club\" bobby"});
  EXPECT_EQ(of("/kick bob An"), List{"/kick bob \"Anna Lee\""});
  EXPECT_EQ(of("/kick book c"), List{"/kick \"book club\""});
  EXPECT_EQ(of("/profile who-may-a"), List{"/profile who-may-add"});
  EXPECT_EQ(of("/group-settings bob j"), List{"/group-settings bob joining"});
  EXPECT_TRUE(of("/kick bob bobby x").empty());
  EXPECT_TRUE(of("").empty());
  EXPECT_TRUE(of("/chat bob he").empty());
  EXPECT_TRUE(of("/login b").empty());
}

// An unquoted number is an id, even if a name looks like it.
TEST(Completions, QuoteAmbiguousNames) {
  using List = std::vector<std::string>;
  const KnownRefs known{{{{6}, "5"},
                         {{7}, "77"},
                         {{8}, "Anna Lee"},
                         {{9}, "Annabel"},
                         {{10}, "\"quoted"},
                         {{11}, "7\" nails"},
                         {{12}, "#3"}},
                        {{{3}, "2"}}};
  const auto of = [&](std::string_view before) { return completions(before, known); };
  EXPECT_EQ(of("/chat 5"), List{"/chat \"5\""});
  EXPECT_EQ(of("/chat 7"), List{"/chat \"77\""});
  EXPECT_EQ(of("/history 5"), List{"/history \"5\""});
  EXPECT_EQ(of("/group 2"), List{"/group \"2\""});
  EXPECT_EQ(of("/chat Anna"), List{"/chat Annabel"});
  EXPECT_EQ(of("/chat Anna L"), List{"/chat \"Anna Lee\""});
  EXPECT_EQ(of("/chat \"Anna"), (List{"/chat \"Anna Lee\"", "/chat \"Annabel\""}));
  EXPECT_TRUE(of("/chat \"q").empty());
  EXPECT_EQ(of("/chat #"), List{"/chat \"#3\""});
  EXPECT_EQ(of("/chat \"#"), List{"/chat \"#3\""});
}

}  // namespace
}  // namespace chat::client
