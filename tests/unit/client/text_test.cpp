#include "client/text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cstdint>
#include <string>
#include <vector>

namespace chat::client {
namespace {

std::string times(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(RowsDown, CountsCellsAsATerminalDoes) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(rows_down("", 80), 0);
  EXPECT_EQ(rows_down(times(79, "x"), 80), 0);
  EXPECT_EQ(rows_down(times(80, "x"), 80), 1);
  EXPECT_EQ(rows_down(times(81, "x"), 80), 1);
  EXPECT_EQ(rows_down(times(79, "é"), 80), 0);
  EXPECT_EQ(rows_down(times(39, "中"), 80), 0);
  EXPECT_EQ(rows_down(times(40, "中"), 80), 1);
  // The last cell of a row stays empty where a wide character does not fit.
  EXPECT_EQ(rows_down("x" + times(39, "中"), 80), 0);
  EXPECT_EQ(rows_down("x" + times(40, "中"), 80), 1);
  EXPECT_EQ(rows_down("x" + times(79, "中"), 80), 2);
  EXPECT_EQ(rows_down("中", 1), 2);
}

// What a terminal acts on: C0, DEL, C1, and what turns the reading direction or ends a line.
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

TEST(Harmless, SendsNoCodePointThatATerminalActsOn) {
  for (const std::uint32_t code : active_code_points()) {
    const std::string raw = utf8(code);
    const std::string text = "a" + raw + "b";
    EXPECT_EQ(harmless(text), fmt::format("a‹{:02x}›b", code));
    EXPECT_EQ(quote(text).find(raw), std::string::npos) << code;
    EXPECT_EQ(harmless_json("{\"x\":\"" + text + "\"}").find(raw), std::string::npos) << code;
    if (code == '\n' || code == '\t') continue;
    EXPECT_EQ(harmless_text(text), harmless(text)) << code;
  }
  EXPECT_EQ(harmless_text("a\nb\tc"), "a\n    b\tc");
}

TEST(Harmless, ASequenceLosesWhatBeginsIt) {
  EXPECT_EQ(harmless_text("\x1b[2J"), "‹1b›[2J");                // CSI
  EXPECT_EQ(harmless_text("\x1b]0;x\x07"), "‹1b›]0;x‹07›");      // OSC
  EXPECT_EQ(harmless_text("\x1bP1$r\x1b\\"), "‹1b›P1$r‹1b›\\");  // DCS
  EXPECT_EQ(harmless_text("\xC2\x9B"
                          "2J"),
            "‹9b›2J");  // C1's CSI
  EXPECT_EQ(harmless_text("\xC2\x9D"
                          "0;x\xC2\x9C"),
            "‹9d›0;x‹9c›");  // C1's OSC
  // C1 as single bytes is no UTF-8, and no terminal gets it.
  EXPECT_EQ(harmless_text("\x9B"
                          "2J"),
            "\xEF\xBF\xBD"
            "2J");
}

TEST(Harmless, LeavesItsNeighboursAlone) {
  for (const std::uint32_t code : {0x20U, 0x7EU, 0xA0U, 0x061BU, 0x061DU, 0x200DU, 0x2010U, 0x2027U,
                                   0x202FU, 0x2065U, 0x206AU}) {
    EXPECT_EQ(harmless(utf8(code)), utf8(code)) << code;
  }
  EXPECT_EQ(harmless("中 😀 é"), "中 😀 é");
}

}  // namespace
}  // namespace chat::client
