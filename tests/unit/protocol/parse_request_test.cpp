#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "chat/protocol/limits.h"
#include "chat/protocol/request.h"

namespace chat::protocol {
namespace {

using namespace std::string_literals;

std::string outcome_of(std::string_view frame) {
  const auto request = parse_request(frame);
  return std::string(request ? "ok" : name_of(request.error().code));
}

std::string message_of(std::string_view frame) {
  const auto request = parse_request(frame);
  return request ? "" : request.error().message;
}

// {"msgid":1,"a":…} with `value` in place of the dots.
std::string with(std::string_view value) {
  return std::string(R"({"msgid":1,"a":)").append(value).append("}");
}

Value value_of(std::string_view json) {
  const auto request = parse_request(with(json));
  const Value* value = request ? request->find("a") : nullptr;
  return value == nullptr ? Value(Nested{}) : *value;
}

std::string nested(std::size_t depth, std::string_view open, std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(ParseRequest, KeepsFlatFieldsInOrder) {
  const auto request = parse_request(
      " { \"to\\u0069d\" : 7, \"msgid\":6,\"msg\":\"h\\u00e9\\ud83d\\ude00\\u0000\","
      "\"x\":null,\"t\":true,\"f\":false,\"d\":1.5,\"n\":-3,\"o\":{\"k\":1}} \r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->msgid, 6);
  std::vector<std::string> names;
  for (const auto& field : request->fields) names.push_back(field.first);
  EXPECT_EQ(names,
            (std::vector<std::string>{"toid", "msgid", "msg", "x", "t", "f", "d", "n", "o"}));
  EXPECT_EQ(std::get<std::int64_t>(*request->find("toid")), 7);
  EXPECT_EQ(std::get<std::string>(*request->find("msg")), "hé😀\0"s);
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(*request->find("x")));
  EXPECT_TRUE(std::get<bool>(*request->find("t")));
  EXPECT_FALSE(std::get<bool>(*request->find("f")));
  EXPECT_EQ(std::get<double>(*request->find("d")), 1.5);
  EXPECT_EQ(std::get<std::int64_t>(*request->find("n")), -3);
  EXPECT_TRUE(std::holds_alternative<Nested>(*request->find("o")));
  EXPECT_EQ(request->find("k"), nullptr);
}

// The same JSON with an escape in its first key, so that it is not plain.
std::string with_escape(std::string frame) {
  const std::size_t m = frame.find('m');
  return frame.replace(m, 1, "\\u006d");
}

TEST(ParseRequest, PlainRequestsAreReadAsByTheParser) {
  std::string seventeen = R"({"msgid":1)";
  for (int i = 0; i < 16; ++i) seventeen += ",\"" + std::to_string(i) + "\":true";
  const std::vector<std::string> frames = {
      R"({"msgid":6})",
      R"({"msgid":6,"toid":2147483647,"msg":"hé😀)"
      "\x7F/"
      R"(","cid":"c-1"})",
      " {\t\"msgid\" :\r\n6 , \"a\" : \"\" , \"b\":true,\"c\" :false } \r\n",
      with("0"),
      with("999999999999999999"),
      with("1000000000000000000"),
      with("9223372036854775807"),
      with("9223372036854775808"),
      with("-0"),
      with("-1"),
      with("1.0"),
      with("1e2"),
      with("null"),
      with("{}"),
      with("[]"),
      R"({"msgid":1,"":"no name"})",
      seventeen + "}",
      seventeen.substr(0, seventeen.rfind(',')) + "}",
  };
  for (const std::string& frame : frames) {
    const auto request = parse_request(frame);
    const auto parsed = parse_request(with_escape(frame));
    ASSERT_TRUE(request && parsed) << frame;
    EXPECT_EQ(request->msgid, parsed->msgid) << frame;
    EXPECT_TRUE(request->fields == parsed->fields) << frame;
  }
}

TEST(ParseRequest, FindsTextEndsAndForbiddenBytesAtEveryPosition) {
  for (std::size_t at = 0; at < 17; ++at) {
    for (int c = 1; c < 0x80; ++c) {
      std::string text(17, 'x');
      text[at] = static_cast<char>(c);
      const auto request = parse_request(with('"' + text + '"'));
      const bool stands = c >= 0x20 && c != '"' && c != '\\';
      ASSERT_EQ(request.has_value(), stands) << c << " at " << at;
      if (stands) {
        EXPECT_EQ(std::get<std::string>(*request->find("a")), text);
      }
    }
    const std::string text = std::string(at, 'x') + "\u2027ü\u2028";
    const auto request = parse_request(with('"' + text + '"'));
    ASSERT_TRUE(request) << at;
    EXPECT_EQ(std::get<std::string>(*request->find("a")), text);
  }
}

TEST(ParseRequest, RefusesAnythingButOneStrictObject) {
  const std::vector<std::string> bad = {
      "",
      " ",
      "{",
      "}",
      "null",
      "1",
      "\"x\"",
      "true",
      "[]",
      "[1]",
      R"([{"msgid":1}])",
      "{msgid:1}",
      "{'msgid':1}",
      R"({"msgid":1,})",
      R"({"msgid" 1})",
      R"({"msgid":1)",
      R"({"msgid":1}})",
      R"({"msgid":1}{"msgid":1})",
      R"({"msgid":1} x)",
      R"({"msgid":1},)",
      R"({"msgid":1}//x)",
      R"({"msgid":/**/1})",
      "\xEF\xBB\xBF{\"msgid\":1}",
      "{\"msgid\":1}\0"s,
      "{\"msgid\":1}\0garbage"s,
      "{\"msgid\":1,\0\"a\":1}"s,
      "\0"s,
      with("\"\0\""s),
      with("NaN"),
      with("nan"),
      with("Infinity"),
      with("-Infinity"),
      with("inf"),
      with("1e400"),
      with("-1e400"),
      with("1" + std::string(400, '0')),
      with("01"),
      with("+1"),
      with(".5"),
      with("1."),
      with("0x1"),
      with("1e"),
      with("-"),
      with("\"\n\""),
      with("\"\x1F\""),
      with("\"\\x41\""),
      with("\"\\u12\""),
      with("\"abc"),
      with(R"("\ud800")"),
      with(R"("\udc00")"),
      with(R"("\ud800\ud800")"),
      with(R"("\ud800x")"),
      with(R"("\udc00\ud800")"),
      with("[1,]"),
      with("[1 2]"),
      with("[}"),
      with("{]"),
      with("undefined"),
      with(""),
  };
  for (const std::string& frame : bad) {
    EXPECT_EQ(outcome_of(frame), "bad_json") << testing::PrintToString(frame);
    EXPECT_NE(message_of(frame), "");
  }
}

TEST(ParseRequest, RefusesDuplicateKeysAtAnyDepth) {
  for (const std::string& frame :
       {R"({"msgid":1,"msgid":2})"s, R"({"msgid":1,"a":1,"b":2,"a":1})"s,
        R"({"":1,"msgid":1,"":2})"s, R"({"msgid":1,"\u006dsgid":2})"s,
        R"({"msgid":1,"\u00e4":1,"ä":2})"s, with(R"({"k":1,"k":2})"), with(R"({"k":1,"\u006b":2})"),
        with(R"([{"k":1,"k":2}])"), with(R"({"k":{"x":1},"y":2,"k":3})"),
        with(R"({"o":{"o":{"o":{"x":1,"x":1}}}})")}) {
    EXPECT_EQ(outcome_of(frame), "bad_json") << frame;
  }
}

TEST(ParseRequest, AcceptsTheSameKeyInDifferentObjects) {
  for (const std::string& frame :
       {with(R"({"a":1,"msgid":2})"), with(R"([{"k":1},{"k":1}])"),
        with(R"({"k":{"k":{"k":1}},"j":{"k":1}})"), with(R"({"K":1,"k":2})"),
        R"({"o":{"x":1,"y":2},"p":{"y":1,"x":2},"x":1,"y":2,"msgid":1})"s}) {
    EXPECT_EQ(outcome_of(frame), "ok") << frame;
  }
}

std::string object_of(std::size_t keys, std::string_view last_key) {
  std::string text = "{\"msgid\":1";
  for (std::size_t i = 0; i < keys; ++i) text += ",\"k" + std::to_string(i) + "\":1";
  return text.append(",\"").append(last_key).append("\":1}");
}

TEST(ParseRequest, FindsADuplicateAmongFewAndManyKeys) {
  for (const std::size_t keys : {1u, 13u, 14u, 15u, 16u, 17u, 62u}) {
    const std::string last = std::to_string(keys - 1).insert(0, 1, 'k');
    EXPECT_EQ(outcome_of(object_of(keys, "other")), "ok") << keys;
    EXPECT_EQ(outcome_of(object_of(keys, "k0")), "bad_json") << keys;
    EXPECT_EQ(outcome_of(object_of(keys, last)), "bad_json") << keys;
  }
  for (const std::size_t keys : {1u, 13u, 14u, 15u, 16u, 17u, 100u, 1000u}) {
    EXPECT_EQ(outcome_of(with(object_of(keys, "other"))), "ok") << keys;
    EXPECT_EQ(outcome_of(with(object_of(keys, "k0"))), "bad_json") << keys;
  }
}

TEST(ParseRequest, RefusesInvalidUtf8AtEveryPosition) {
  for (const std::string& fault : {"\x80"s, "\xC0\xAF"s, "\xE0\x80\x80"s, "\xED\xA0\x80"s,
                                   "\xF4\x90\x80\x80"s, "\xFF"s, "\xE2\x82"s}) {
    EXPECT_EQ(outcome_of(with("\"" + fault + "\"")), "bad_utf8");
    EXPECT_EQ(outcome_of(with("1") + fault), "bad_utf8");
    EXPECT_EQ(outcome_of("{\"" + fault + "\":1}"), "bad_utf8");
    EXPECT_EQ(outcome_of(fault), "bad_utf8");
  }
  EXPECT_EQ(message_of("{\"\xFF\":1}"), "invalid UTF-8 at byte 3");
}

TEST(ParseRequest, AcceptsEightLevelsAndRefusesNine) {
  EXPECT_EQ(kJsonMaxDepth, 8);
  EXPECT_EQ(outcome_of(with(nested(7, "[", "]"))), "ok");
  EXPECT_EQ(outcome_of(with(nested(8, "[", "]"))), "too_deep");
  EXPECT_EQ(outcome_of(with(nested(7, "{\"k\":", "}"))), "ok");
  EXPECT_EQ(outcome_of(with(nested(8, "{\"k\":", "}"))), "too_deep");
  EXPECT_EQ(outcome_of(nested(8, "[", "]")), "bad_json");
  EXPECT_EQ(outcome_of(nested(9, "[", "]")), "too_deep");
}

TEST(ParseRequest, AcceptsSixtyFourFieldsAndRefusesOneMore) {
  const auto fields = [](int count) {
    std::string text = R"({"msgid":21)";
    for (int i = 1; i < count; ++i) text += ",\"k" + std::to_string(i) + "\":null";
    return text + "}";
  };
  EXPECT_EQ(outcome_of(fields(64)), "ok");
  EXPECT_EQ(outcome_of(fields(65)), "bad_field");
  EXPECT_EQ(outcome_of(fields(5000)), "bad_field");
}

TEST(ParseRequest, BoundsTheNumberOfNestedValues) {
  const auto array = [](int count) {
    std::string text = "[0";
    for (int i = 1; i < count; ++i) text += ",0";
    return text + "]";
  };
  EXPECT_EQ(outcome_of(with(array(2000))), "ok");
  EXPECT_EQ(outcome_of(with(array(2049))), "bad_field");
}

TEST(ParseRequest, CountsOpenLevelsNotAllOfThem) {
  std::string many = "[[[[[[]]]]]]";
  for (int i = 0; i < 100; ++i) many += ",[[[[[[]]]]]],{\"k\":[{}]}";
  EXPECT_EQ(outcome_of(with("[" + many + "]")), "ok");
}

// 1000 times 60 KB: a parser that read to the end would take seconds.
TEST(ParseRequest, StopsAtTheNinthLevel) {
  const std::string brackets(60 * 1024, '[');
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(outcome_of(brackets), "too_deep");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST(ParseRequest, KeepsOnlyPlainIntegersAsIntegers) {
  EXPECT_EQ(std::get<std::int64_t>(value_of("0")), 0);
  EXPECT_EQ(std::get<std::int64_t>(value_of("-1")), -1);
  EXPECT_EQ(std::get<std::int64_t>(value_of("4294967297")), 4294967297);
  EXPECT_EQ(std::get<std::int64_t>(value_of("9223372036854775807")), INT64_MAX);
  EXPECT_EQ(std::get<std::int64_t>(value_of("-9223372036854775808")), INT64_MIN);
  for (const std::string_view number :
       {"1.0", "1e0", "1E0", "-0", "-0.0", "0.0", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "-9223372036854775809"}) {
    EXPECT_TRUE(std::holds_alternative<double>(value_of(number))) << number;
  }
}

TEST(ParseRequest, NeedsAMsgidThatIsAPlainInteger) {
  EXPECT_EQ(message_of("{}"), "msgid is missing");
  EXPECT_EQ(outcome_of(R"({"Msgid":1})"), "bad_field");
  EXPECT_EQ(outcome_of(R"({"a":{"msgid":1}})"), "bad_field");
  for (const std::string_view msgid : {"\"1\"", "1.0", "1e0", "-0", "true", "null", "[1]", "{}"}) {
    const std::string frame = std::string("{\"msgid\":").append(msgid).append("}");
    EXPECT_EQ(outcome_of(frame), "bad_field") << frame;
    EXPECT_EQ(message_of(frame), "msgid must be an integer");
  }
}

TEST(ParseRequest, MsgidsOutsideIntBecomeMinusOne) {
  const auto msgid_of = [](const std::string& number) {
    const auto request = parse_request("{\"msgid\":" + number + "}");
    return request ? request->msgid : -100;
  };
  EXPECT_EQ(msgid_of("6"), 6);
  EXPECT_EQ(msgid_of("0"), 0);
  EXPECT_EQ(msgid_of("-7"), -7);
  EXPECT_EQ(msgid_of("2147483647"), 2147483647);
  EXPECT_EQ(msgid_of("2147483648"), -1);
  EXPECT_EQ(msgid_of("4294967302"), -1);
  EXPECT_EQ(msgid_of("-2147483649"), -1);
}

TEST(ParseRequest, ReportsThePositionWithoutRepeatingTheInput) {
  EXPECT_EQ(message_of(R"({"msgid":1,,"secret":2})"), "invalid JSON at byte 12");
  EXPECT_EQ(message_of(R"({"msgid":1)"), "the JSON ends too early");
  EXPECT_EQ(message_of("{\"msgid\":1}\0"s), "a NUL at byte 12");
  for (const std::string& frame : {R"({"msgid":1,"secret":2,"secret":3})"s, "{\"secret\x01\":1}"s,
                                   "secret"s, R"({"msgid":"secret"})"s}) {
    EXPECT_EQ(message_of(frame).find("secret"), std::string::npos) << message_of(frame);
  }
}

}  // namespace
}  // namespace chat::protocol
