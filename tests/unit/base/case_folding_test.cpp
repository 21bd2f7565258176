#include "chat/base/case_folding.h"

#include <gtest/gtest.h>

#include <string>

namespace chat::base {
namespace {

TEST(CaseFolding, FoldsLettersOfEveryScriptWithCase) {
  EXPECT_EQ(fold_case("ALICE Smith 7"), "alice smith 7");
  EXPECT_EQ(fold_case("ÄÖÜ ŒUVRE Ÿ"), "äöü œuvre ÿ");
  EXPECT_EQ(fold_case("ΑΛΦΑ ς"), "αλφα σ");
  EXPECT_EQ(fold_case("МОСКВА Ђ"), "москва ђ");
  EXPECT_EQ(fold_case("\U00010400"), "\U00010428");
}

TEST(CaseFolding, KeepsOneCodePointPerCodePoint) {
  EXPECT_EQ(fold_case("\u1E9E"), "ß");
  EXPECT_EQ(fold_case("ß"), "ß");
  EXPECT_EQ(fold_case("\u1F88"), "\u1F80");
  EXPECT_EQ(fold_case("\u0130"), "\u0130");  // full folding would make two of it
}

TEST(CaseFolding, FoldsBothLettersOfAlternatingPairs) {
  EXPECT_EQ(fold_case("\u0100\u0101\u0102\u0103"), "\u0101\u0101\u0103\u0103");
}

TEST(CaseFolding, KeepsWhatHasNoCase) {
  for (const std::string text : {"", "中文", "\U0001F600", "0_-. ", "ªº"}) {
    EXPECT_EQ(fold_case(text), text);
  }
}

}  // namespace
}  // namespace chat::base
