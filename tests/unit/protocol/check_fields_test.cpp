#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/protocol/request.h"

namespace chat::protocol {
namespace {

using namespace std::string_literals;

// The result of check_field for {"msgid":1,"f":<json>}: "" if it passes.
std::string fault_of(FieldKind kind, std::string_view json) {
  const auto request = parse_request(std::string(R"({"msgid":1,"f":)").append(json).append("}"));
  if (!request) return "not parsed";
  const auto refusal = check_field(request->find("f"), {"f", kind, true});
  if (!refusal) return "";
  EXPECT_EQ(refusal->code, Errno::kBadField);
  EXPECT_FALSE(refusal->retry_after);
  return refusal->message;
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump();
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(CheckField, AnIdIsAPlainIntegerFrom1To2147483647) {
  for (const std::string_view id : {"1", "2", "2147483647"}) {
    EXPECT_EQ(fault_of(FieldKind::kId, id), "") << id;
  }
  for (const std::string_view id :
       {"4294967297", "2147483648", "1.0", "1e0", "1.9", "true", "false", "null", "\"1\"", "-1",
        "0", "-0", "[1]", "{}", "9223372036854775807", "18446744073709551617", "\"\""}) {
    EXPECT_EQ(fault_of(FieldKind::kId, id), "f must be an integer from 1 to 2147483647") << id;
  }
}

TEST(CheckField, AnIntegerIsPlainAndNotNegative) {
  EXPECT_EQ(fault_of(FieldKind::kInteger, "0"), "");
  EXPECT_EQ(fault_of(FieldKind::kInteger, "9223372036854775807"), "");
  for (const std::string_view number :
       {"-1", "-0", "1.0", "1e0", "9223372036854775808", "true", "null", "\"1\"", "[]"}) {
    EXPECT_EQ(fault_of(FieldKind::kInteger, number), "f must be an integer, 0 or more") << number;
  }
}

TEST(CheckField, AFlagIsTrueOrFalse) {
  EXPECT_EQ(fault_of(FieldKind::kFlag, "true"), "");
  EXPECT_EQ(fault_of(FieldKind::kFlag, "false"), "");
  for (const std::string_view value : {"0", "1", "null", "\"true\"", "[]"}) {
    EXPECT_EQ(fault_of(FieldKind::kFlag, value), "f must be true or false") << value;
  }
}

TEST(CheckField, AStringIsAnyText) {
  EXPECT_EQ(fault_of(FieldKind::kString, "\"\""), "");
  EXPECT_EQ(fault_of(FieldKind::kString, quoted(" \n\0"s)), "");
  for (const std::string_view value : {"0", "null", "true", "[]", "{}"}) {
    EXPECT_EQ(fault_of(FieldKind::kString, value), "f must be text") << value;
  }
}

TEST(CheckField, ATextHas1To4000CodePointsOfAnyKind) {
  const std::string rule = "f must be text of 1 to 4000 characters";
  for (const std::string_view character : {"a", "ä", "你", "😀"}) {
    EXPECT_EQ(fault_of(FieldKind::kText, quoted(repeated(character, 4000))), "");
    EXPECT_EQ(fault_of(FieldKind::kText, quoted(repeated(character, 4001))), rule);
  }
  for (const std::string& text : {"\0"s, "\n"s, " "s, "\u202E"s, "\u2028"s}) {
    EXPECT_EQ(fault_of(FieldKind::kText, quoted(text)), "");
  }
  for (const std::string_view value : {"\"\"", "1", "null", "true", "[]"}) {
    EXPECT_EQ(fault_of(FieldKind::kText, value), rule) << value;
  }
}

TEST(CheckField, ANameHas1To50CodePoints) {
  const std::string rule = "f must be text of 1 to 50 characters";
  for (const std::string_view character : {"a", "ä", "你", "😀"}) {
    EXPECT_EQ(fault_of(FieldKind::kName, quoted(repeated(character, 50))), "");
    EXPECT_EQ(fault_of(FieldKind::kName, quoted(repeated(character, 51))), rule);
  }
  for (const std::string_view value : {"\"\"", "1", "null", "true", "[]"}) {
    EXPECT_EQ(fault_of(FieldKind::kName, value), rule) << value;
  }
  EXPECT_EQ(fault_of(FieldKind::kName, quoted("Alice B")), "");
}

TEST(CheckField, ANameHasNoControlCharacters) {
  for (const std::string& control : {"\0"s, "\t"s, "\x7F"s, "\u0085"s, "\u2028"s, "\u200E"s,
                                     "\u202A"s, "\u202E"s, "\u2066"s, "\u2069"s}) {
    EXPECT_EQ(fault_of(FieldKind::kName, quoted("a" + control + "b")),
              "f must not have control characters");
  }
}

TEST(CheckField, ANameHasNoSpaceAtItsEnds) {
  for (const std::string& space : {" "s, "\u00A0"s, "\u2003"s, "\u3000"s}) {
    for (const std::string& name : {space + "a", "a" + space, space}) {
      EXPECT_EQ(fault_of(FieldKind::kName, quoted(name)), "f must not begin or end with a space");
    }
  }
}

TEST(CheckField, AGroupDescriptionMayBeEmptyAndHasNoControlCharacters) {
  const std::string rule = "f must be text of 0 to 50 characters";
  for (const std::string& text : {""s, " "s, repeated("😀", 50)}) {
    EXPECT_EQ(fault_of(FieldKind::kGroupDesc, quoted(text)), "");
  }
  EXPECT_EQ(fault_of(FieldKind::kGroupDesc, quoted(repeated("😀", 51))), rule);
  EXPECT_EQ(fault_of(FieldKind::kGroupDesc, "null"), rule);
  EXPECT_EQ(fault_of(FieldKind::kGroupDesc, quoted("a\nb")), "f must not have control characters");
}

Request parsed(std::string_view frame) {
  auto request = parse_request(frame);
  EXPECT_TRUE(request) << frame;
  return request ? std::move(*request) : Request();
}

TEST(Cid, Is1To36PrintableAsciiCharacters) {
  for (const std::string& cid : {"c"s, " ~"s, std::string(36, 'x'), "\"\\"s}) {
    const Request request = parsed(R"({"msgid":1,"cid":)" + quoted(cid) + "}");
    EXPECT_EQ(check_cid(request), std::nullopt);
    EXPECT_EQ(request.cid(), cid);
  }
  for (const std::string& json :
       {"\"\""s, quoted(std::string(37, 'x')), quoted("ä"), quoted("a\x1F"), quoted("a\x7F"),
        quoted("\0"s), "1"s, "null"s, "true"s, "[]"s}) {
    const Request request = parsed(R"({"msgid":1,"cid":)" + json + "}");
    EXPECT_NE(check_cid(request), std::nullopt) << json;
    EXPECT_EQ(request.cid(), "");
  }
  EXPECT_EQ(check_cid(parsed(R"({"msgid":1})")), std::nullopt);
}

TEST(NameFault, NamesTheViolatedRule) {
  EXPECT_EQ(name_fault("alice"), std::nullopt);
  EXPECT_EQ(name_fault(""), "name must be text of 1 to 50 characters");
  EXPECT_EQ(name_fault("a\nb"), "name must not have control characters");
  EXPECT_EQ(name_fault("alice "), "name must not begin or end with a space");
  EXPECT_EQ(name_fault("alice\u2800"), "name must not begin or end with a space");
  EXPECT_EQ(name_fault("\u2800alice"), "name must not begin or end with a space");
  EXPECT_EQ(name_fault("alice\U0001D159"), "name must not have invisible characters");
  EXPECT_EQ(name_fault("alic\u00E9"), std::nullopt);
  EXPECT_EQ(name_fault("alice\u0301"), "name must be in Unicode's composed form (NFC)");
  EXPECT_EQ(name_fault("\u212B"), "name must be in Unicode's composed form (NFC)");
}

TEST(PasswordFault, CountsBytesFrom6To128) {
  const std::string rule = "password must have 6 to 128 bytes";
  EXPECT_EQ(password_fault("12345"), rule);
  EXPECT_EQ(password_fault("123456"), std::nullopt);
  EXPECT_EQ(password_fault("你好"), std::nullopt);
  EXPECT_EQ(password_fault(std::string(128, 'x')), std::nullopt);
  EXPECT_EQ(password_fault(std::string(129, 'x')), rule);
}

}  // namespace
}  // namespace chat::protocol
