#include "client/terminal/editor/paste_guard.h"

#include <gtest/gtest.h>

#include <vector>

#include "client/terminal/editor/key_decoder.h"

namespace chat::client {
namespace {

// The keys of bursts, in short: pastes in brackets, ENTER, and characters.
std::string keys_of_bursts(const std::vector<std::string>& bursts) {
  PasteGuard guard;
  KeyDecoder decoder;
  std::vector<Key> keys;
  for (const std::string& each : bursts) decoder.feed(guard.filter(each), keys);
  std::string out;
  for (const Key& key : keys) {
    if (key.kind == Key::Kind::kEnter) out += " ENTER ";
    if (key.kind == Key::Kind::kCharacter) out += static_cast<char>(key.character);
    if (key.kind != Key::Kind::kPaste) continue;
    out += '[';
    for (const char32_t code : key.pasted) out += code == '\n' ? '|' : static_cast<char>(code);
    out += ']';
  }
  return out;
}

TEST(PasteGuard, LeavesTypingAndSinglePastesAlone) {
  EXPECT_EQ(keys_of_bursts({"ab\r"}), "ab ENTER ");
  EXPECT_EQ(keys_of_bursts({"a\x1b[200~one\ntwo\x1b[201~b\r"}), "a[one|two]b ENTER ");
  EXPECT_EQ(keys_of_bursts({"\x1b[200~one", " two", "\x1b[201~\r"}), "[one two] ENTER ");
}

TEST(PasteGuard, AnEndMarkInThePasteDoesNotEndIt) {
  EXPECT_EQ(keys_of_bursts({"\x1b[200~one\x1b[201~\r/quit\rtwo\x1b[201~\r"}),
            "[one[201~|/quit|two] ENTER ");
  EXPECT_EQ(keys_of_bursts({"\x1b[200~on", "e\x1b[201~\r/quit\rtwo\x1b[201~"}),
            "[one[201~|/quit|two]");
}

// With marks of its own, the text looks like two pastes with typing between them.
TEST(PasteGuard, NobodyTypesBetweenTwoPastesOfOneBurst) {
  EXPECT_EQ(keys_of_bursts({"\x1b[200~one\x1b[201~\r/quit\r\x1b[200~two\x1b[201~"}),
            "[one[201~|/quit|[200~two]");
}

TEST(PasteGuard, APasteEndedByItsTextGoesOnToTheNextEndMark) {
  EXPECT_EQ(keys_of_bursts({"\x1b[200~one\x1b[201~", "\r/quit\rtwo\x1b[201~"}),
            "[one][|/quit|two]");
}

TEST(PasteGuard, KnowsWhetherAPasteIsOpen) {
  const std::string bytes = "a\x1b[200~one\x1b[201~b";
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    PasteGuard guard;
    guard.filter(bytes.substr(0, first));
    EXPECT_EQ(guard.in_paste(), first >= 7 && first < 16) << first;
    guard.filter(bytes.substr(first));
    EXPECT_FALSE(guard.in_paste()) << first;
  }
}

}  // namespace
}  // namespace chat::client
