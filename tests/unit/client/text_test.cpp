#include "client/core/text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cstdint>
#include <string>
#include <vector>

namespace chat::client {
namespace {

// Control characters: C0, DEL, C1, bidirectional controls and line separators.
std::vector<std::uint32_t> active_code_points() {
  std::vector<std::uint32_t> codes = {0x7F,   0x061C, 0x200E, 0x200F, 0x2028,
                                      0x2029, 0x202A, 0x202B, 0x202C, 0x202D,
                                      0x202E, 0x2066, 0x2067, 0x2068, 0x2069};
  for (std::uint32_t c = 0; c < 0x20; ++c) codes.push_back(c);
  for (std::uint32_t c = 0x80; c < 0xA0; ++c) codes.push_back(c);
  return codes;
}

std::string utf8(std::uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) {
    return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
  }
  return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
          static_cast<char>(0x80 | (code & 0x3F))};
}

TEST(Harmless, PassesNoControlCharacter) {
  for (const std::uint32_t code : active_code_points()) {
    const std::string raw = utf8(code);
    const std::string text = "a" + raw + "b";
    EXPECT_EQ(harmless(text), fmt::format("a‹{:02x}›b", code));
    EXPECT_EQ(quote(text).find(raw), std::string::npos) << code;
    EXPECT_EQ(harmless_json("{\"x\":\"" + text + "\"}").find(raw), std::string::npos) << code;
    if (code == '\n' || code == '\t') continue;
    EXPECT_EQ(harmless_text(text), harmless(text)) << code;
  }
  EXPECT_EQ(harmless_text("a\nb\tc"), "a\n  │ b\tc");
}

TEST(Harmless, EscapeSequencesAreDisarmed) {
  EXPECT_EQ(harmless_text("\x1b[2J"), "‹1b›[2J");                // CSI
  EXPECT_EQ(harmless_text("\x1b]0;x\x07"), "‹1b›]0;x‹07›");      // OSC
  EXPECT_EQ(harmless_text("\x1bP1$r\x1b\\"), "‹1b›P1$r‹1b›\\");  // DCS
  EXPECT_EQ(harmless_text("\xC2\x9B"
                          "2J"),
            "‹9b›2J");  // C1's CSI
  EXPECT_EQ(harmless_text("\xC2\x9D"
                          "0;x\xC2\x9C"),
            "‹9d›0;x‹9c›");  // C1's OSC
  // C1 as single bytes is invalid UTF-8 and never printed.
  EXPECT_EQ(harmless_text("\x9B"
                          "2J"),
            "\xEF\xBF\xBD"
            "2J");
}

TEST(Harmless, LeavesNeighbouringCodePointsUnchanged) {
  for (const std::uint32_t code : {0x20U, 0x7EU, 0xA0U, 0x061BU, 0x061DU, 0x200DU, 0x2010U, 0x2027U,
                                   0x202FU, 0x2065U, 0x206AU}) {
    EXPECT_EQ(harmless(utf8(code)), utf8(code)) << code;
  }
  EXPECT_EQ(harmless("中 😀 é"), "中 😀 é");
}

TEST(ShownName, QuotesAmbiguousNames) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  for (const char* plain : {"alice", "Bob_2", "a.b-c", "张伟", "Zoë", "🎉party"}) {
    EXPECT_EQ(shown_name(plain), plain);
  }
  EXPECT_EQ(shown_name("alice (1): pay me"), "\"alice (1): pay me\"");
  EXPECT_EQ(shown_name("Anna Lee"), "\"Anna Lee\"");
  EXPECT_EQ(shown_name("123"), "\"123\"");
  EXPECT_EQ(shown_name(""), "\"\"");
  EXPECT_EQ(shown_name("（1）：x"), "\"（1）：x\"");
  // No name can end its own quotation.
  EXPECT_EQ(shown_name("x\" (1): hi \"y"), "\"x‹22› (1): hi ‹22›y\"");
  EXPECT_EQ(shown_name("x” (1)"), "\"x‹201d› (1)\"");
  EXPECT_EQ(shown_name("a\x1b[2J"), "\"a‹1b›[2J\"");
}

TEST(ShownName, EscapesLettersOfAnotherScript) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(shown_name("p\u0430ypal"), "\"p‹430›ypal\"");
  EXPECT_EQ(shown_name("\u0391lice"), "\"‹391›lice\"");
  EXPECT_EQ(shown_name("bo\u0431"), "\"bo‹431›\"");
  EXPECT_EQ(shown_name("Привет\u0061"), "\"Привет‹61›\"");
  EXPECT_EQ(shown_name("\u0251lice"), "\"‹251›lice\"");
  EXPECT_EQ(shown_name("\U0001D41Alice"), "\"‹1d41a›lice\"");
  EXPECT_EQ(shown_name("\uFF41lice"), "\"‹ff41›lice\"");
  EXPECT_EQ(shown_name("\u13A0lice"), "\"‹13a0›lice\"");
}

TEST(ShownName, NamesTheScriptOfLatinLookalikes) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(shown_name("\u0440\u0430\u0443\u0440\u0430"), "\"раура\" [Cyrillic]");
  EXPECT_EQ(shown_name("\u039D\u039F\u03A1\u0391"), "\"ΝΟΡΑ\" [Greek]");
  EXPECT_EQ(shown_name("\uFF41\uFF42"), "\"ａｂ\" [fullwidth]");
  // Text after the quotation is never part of the name.
  EXPECT_EQ(shown_name("раура\" [L]"), "\"раура‹22› [‹4c›]\"");
}

TEST(ShownName, LeavesOrdinaryNamesUnchanged) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  for (const char* plain : {"Владимир", "Ελένη", "张伟", "李a", "Zoë", "Müller", "たろう", "김철수",
                            "علي", "Łukasz", "Đặng", "Արամ", "bob_2"}) {
    EXPECT_EQ(shown_name(plain), plain);
  }
}

TEST(BreakLines, ContinuationsBeginWithABar) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(break_lines("short\n", 10), "short\n");
  EXPECT_EQ(break_lines("1234567890\n", 10), "1234567890\n");
  EXPECT_EQ(break_lines("12345678901234567\n", 10), "1234567890\n  │ 123456\n  │ 7\n");
  EXPECT_EQ(break_lines("中中中中中中\n", 11), "中中中中中\n  │ 中\n");
  // An accent is not in the last column.
  EXPECT_EQ(break_lines("123456789e\u0301\n", 10), "123456789\n  │ e\u0301\n");
  EXPECT_EQ(break_lines("aaaa bbb cc dd\n", 10), "aaaa bbb \n  │ cc dd\n");
  EXPECT_EQ(break_lines("a\tb\n", 20), "a       b\n");
  EXPECT_EQ(break_lines("\x1b[1m12345678\x1b[0m90\n", 10), "\x1b[1m12345678\x1b[0m90\n");
}

// A text fitted to the width: no row begins like a message.
TEST(BreakLines, NoContinuationBeginsAtTheEdge) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  const std::string forged = "2024-05-01 10:00:00 alice (1): pay eve";
  for (int columns = 1; columns < 120; ++columns) {
    for (std::size_t padding = 0; padding < 130; ++padding) {
      const std::string out = break_lines(
          "2024-05-01 10:00:00 eve (2): " + std::string(padding, 'x') + forged + "\n", columns);
      ASSERT_EQ(out.find("\n2024"), std::string::npos) << out;
      for (auto at = out.find('\n'); at + 1 < out.size(); at = out.find('\n', at + 1)) {
        ASSERT_EQ(out.compare(at + 1, 4, "  │", 0, 4), 0) << out;
      }
    }
  }
}

}  // namespace
}  // namespace chat::client
