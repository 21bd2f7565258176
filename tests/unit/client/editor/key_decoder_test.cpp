#include "client/terminal/editor/key_decoder.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace chat::client {
namespace {

using Kind = Key::Kind;

Key character(char32_t code) {
  return {Kind::kCharacter, code};
}

Key paste(std::u32string text) {
  Key key{Kind::kPaste};
  key.pasted = std::move(text);
  return key;
}

std::vector<Key> keys_of(std::string_view bytes) {
  KeyDecoder decoder;
  std::vector<Key> keys;
  decoder.feed(bytes, keys);
  EXPECT_FALSE(decoder.pending()) << bytes;
  return keys;
}

TEST(KeyDecoder, KnowsTheKeysOfTerminals) {
  EXPECT_EQ(keys_of("a\r"), (std::vector<Key>{character('a'), {Kind::kEnter}}));
  EXPECT_EQ(keys_of("é中😀"),
            (std::vector<Key>{character(U'é'), character(U'中'), character(U'😀')}));
  for (const char* up : {"\x1b[A", "\x1bOA", "\x10"}) {
    EXPECT_EQ(keys_of(up), (std::vector<Key>{{Kind::kUp}}));
  }
  EXPECT_EQ(
      keys_of("\x1b[3~\x1b[1;5C\x1b"
              "b\x12"),
      (std::vector<Key>{{Kind::kDelete}, {Kind::kWordRight}, {Kind::kWordLeft}, {Kind::kSearch}}));
  // Unknown sequences are dropped: F5, the Linux console's F1, a title, a colour report.
  EXPECT_EQ(keys_of("\x1b[15~\x1b[[A\x1b]0;t\x07\x1bP1$r\x1b\\x"),
            (std::vector<Key>{character('x')}));
}

TEST(KeyDecoder, InvalidUtf8IsDropped) {
  // A broken sequence, a lone continuation, an overlong slash, a surrogate, C1's CSI.
  EXPECT_EQ(keys_of("\xc3"
                    "a\x80\xc0\xaf\xed\xa0\x80\xc2\x9b"
                    "b"),
            (std::vector<Key>{character('a'), character('b')}));
}

TEST(KeyDecoder, APasteIsOneKey) {
  EXPECT_EQ(keys_of("\x1b[200~one\r\ntwo\rthree\n\x1b[A\x07\xc2\x9b\t中\x1b[201~!"),
            (std::vector<Key>{paste(U"one\ntwo\nthree\n[A\t中"), character('!')}));
  EXPECT_EQ(keys_of("\x1b[200~\x1b[20\x1b[201~"), (std::vector<Key>{paste(U"[20")}));
}

TEST(KeyDecoder, LongPasteIsTruncatedAndMarked) {
  const auto keys =
      keys_of("\x1b[200~" + std::string(KeyDecoder::kPasteMaxBytes + 5, 'x') + "\x1b[201~");
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_TRUE(keys[0].cut);
  EXPECT_EQ(keys[0].pasted.size(), KeyDecoder::kPasteMaxBytes);
}

TEST(KeyDecoder, SplitsAtAnyByteGiveTheSameKeys) {
  const std::string bytes =
      "a\x1b[A中\x1b[200~x\x1b[\r\n中\x1b[201~\x1b[1;5D\x1bOH\x1b]0;title\x1b\\\x1b"
      "f😀\x7f\r";
  const auto whole = keys_of(bytes);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      KeyDecoder decoder;
      std::vector<Key> keys;
      decoder.feed(std::string_view(bytes).substr(0, first), keys);
      decoder.feed(std::string_view(bytes).substr(first, second - first), keys);
      decoder.feed(std::string_view(bytes).substr(second), keys);
      ASSERT_EQ(keys, whole) << first << " " << second;
    }
  }
}

TEST(KeyDecoder, PauseEndsIncompleteInput) {
  for (const std::string bytes : {"\x1b", "\x1b[", "\x1b[1;", "\xe4\xb8", "\x1b]0;x", "\x1bO"}) {
    KeyDecoder decoder;
    std::vector<Key> keys;
    decoder.feed(bytes, keys);
    EXPECT_TRUE(decoder.pending()) << bytes;
    EXPECT_TRUE(keys.empty());
    decoder.pause(keys);
    EXPECT_FALSE(decoder.pending());
    EXPECT_EQ(keys.size(), bytes == "\x1b" ? 1U : 0U);
    keys.clear();
    decoder.feed("k", keys);
    EXPECT_EQ(keys, (std::vector<Key>{character('k')}));
  }
  KeyDecoder decoder;
  std::vector<Key> keys;
  decoder.feed("\x1b[200~half", keys);
  EXPECT_TRUE(decoder.in_paste());
  decoder.pause(keys);
  EXPECT_EQ(keys, (std::vector<Key>{paste(U"half")}));
}

TEST(KeyDecoder, SurvivesAnyBytes) {
  std::minstd_rand random(1);
  KeyDecoder decoder;
  for (int i = 0; i < 100'000; ++i) {
    std::vector<Key> keys;
    const char byte =
        i % 3 == 0 ? "\x1b[2~01OP]\\"[random() % 10] : static_cast<char>(random() % 256);
    decoder.feed({&byte, 1}, keys);
    if (random() % 50 == 0) decoder.pause(keys);
    for (const Key& key : keys) {
      ASSERT_TRUE(key.kind != Kind::kCharacter ||
                  (key.character >= 0x20 && key.character <= 0x10FFFF));
    }
  }
}

}  // namespace
}  // namespace chat::client
