#include "chat/protocol/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace chat::protocol {
namespace {

using namespace std::string_literals;

std::string written(std::string_view text) {
  std::string out;
  JsonWriter(out).value(text);
  return out;
}

std::string utf8_of(char32_t c) {
  if (c < 0x80) return {static_cast<char>(c)};
  std::string tail;
  int bytes = 1;
  for (; c >= (bytes == 1 ? 0x40u : 0x80u >> bytes); ++bytes) {
    tail.insert(tail.begin(), static_cast<char>(0x80 | (c & 0x3F)));
    c >>= 6;
  }
  return static_cast<char>(0xF00u >> bytes | c) + tail;
}

TEST(JsonWriter, SeparatesMembersAndElements) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("a", 1).field("b", "x").key("c").begin_array();
  json.value(1).value(true).begin_object().end_object().begin_array().end_array().raw("{\"r\":1}");
  json.end_array().field("d", false).key("e").begin_object().field("f", ""s).end_object();
  json.field("g", std::string_view("y")).end_object();
  EXPECT_EQ(out, R"({"a":1,"b":"x","c":[1,true,{},[],{"r":1}],"d":false,"e":{"f":""},"g":"y"})");
}

TEST(JsonWriter, AppendsToExistingText) {
  std::string out = "before";
  JsonWriter(out).begin_object().end_object();
  EXPECT_EQ(out, "before{}");
}

TEST(JsonWriter, WritesTheExtremeIntegers) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  json.value(std::numeric_limits<std::int64_t>::min());
  json.value(std::numeric_limits<std::int64_t>::max()).value(0).value(-1).end_array();
  EXPECT_EQ(out, "[-9223372036854775808,9223372036854775807,0,-1]");
}

TEST(JsonWriter, EscapesAsTheStandardRequires) {
  EXPECT_EQ(written("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(written("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(written("\0\x01\x1f\x7f"s), R"("\u0000\u0001\u001f\u007f")");
  EXPECT_EQ(written("x\u2028y\u2029"), R"("x\u2028y\u2029")");
}

TEST(JsonWriter, EscapesAtEveryPosition) {
  for (std::size_t at = 0; at < 17; ++at) {
    for (int c = 0; c < 0x80; ++c) {
      std::string text(17, 'x');
      text[at] = static_cast<char>(c);
      // Only DEL is escaped here but not there.
      std::string expected = nlohmann::json(text).dump();
      if (c == 0x7F) expected.replace(at + 1, 1, "\\u007f");
      EXPECT_EQ(written(text), expected) << c << " at " << at;
    }
    std::string text(17, 'x');
    text.replace(at, 1, "\u2027\u2028ü");
    EXPECT_EQ(written(text), '"' + std::string(text).replace(at + 3, 3, "\\u2028") + '"') << at;
  }
}

TEST(JsonWriter, LeavesOtherCharactersUnchanged) {
  for (const std::string& text :
       {"ä€😀"s, "\u2027\u202F\u2065\u206A"s, "\u00A0\u061B\u061D"s, ""s}) {
    EXPECT_EQ(written(text), '"' + text + '"');
  }
}

TEST(JsonWriter, EscapesTerminalControls) {
  const auto expect_escaped = [](char32_t from, char32_t to) {
    for (char32_t c = from; c <= to; ++c) {
      const std::string out = written("x" + utf8_of(c) + "y");
      EXPECT_EQ(out.size(), 10U) << out;
      EXPECT_TRUE(out.starts_with("\"x\\u")) << out;
      EXPECT_EQ(nlohmann::json::parse(out).get<std::string>(), "x" + utf8_of(c) + "y");
    }
  };
  expect_escaped(0x7F, 0x9F);
  expect_escaped(0x61C, 0x61C);
  expect_escaped(0x200E, 0x200F);
  expect_escaped(0x2028, 0x202E);
  expect_escaped(0x2066, 0x2069);
}

TEST(JsonWriter, DoesNotReadPastATextThatEndsInALeadByte) {
  const std::string whole = "\xE2\x80\xA8";
  EXPECT_EQ(written(std::string_view(whole).substr(0, 1)), "\"\xE2\"");
  EXPECT_EQ(written(std::string_view(whole).substr(0, 2)), "\"\xE2\x80\"");
}

TEST(JsonWriter, EveryCodePointSurvivesAParser) {
  for (char32_t from = 0; from <= 0x10FFFF; from += 0x80) {
    if (from >= 0xD800 && from <= 0xDFFF) continue;
    std::string text;
    for (char32_t c = from; c < from + 0x80; ++c) text += utf8_of(c);
    ASSERT_EQ(nlohmann::json::parse(written(text)).get<std::string>(), text)
        << std::hex << static_cast<std::uint32_t>(from);
  }
}

}  // namespace
}  // namespace chat::protocol
