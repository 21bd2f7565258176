// What is no request at all: each is refused in the words of protocol.md, and nobody else
// notices.
#include <gtest/gtest.h>

#include <memory>

#include "fixture.h"

namespace chat::test {
namespace {

// One server for all, and a witness that talks on it after each test.
class BadFrames : public ::testing::TestWithParam<Wire> {
 protected:
  static void SetUpTestSuite() {
    server = std::make_unique<ServerProcess>();
    witness = std::make_unique<User>(new_user(server->port(), "witness"));
    account = register_account(server->port(), "alice");
  }
  static void TearDownTestSuite() {
    witness.reset();
    server.reset();
  }
  void TearDown() override {
    ASSERT_TRUE(server->running());
    expect_alive(witness->client);
    EXPECT_EQ(witness->client.waiting(), 0U);
  }

  RawClient connect() { return RawClient(server->port(), GetParam()); }
  // The frame is refused under msgid 100; the connection goes on.
  static void expect_refused_frame(RawClient& client, std::string_view bytes, ErrorKind kind) {
    SCOPED_TRACE("frame: " + Json(std::string(bytes.substr(0, 200)))
                                 .dump(-1, ' ', true, Json::error_handler_t::replace));
    client.send_raw(frame(client.wire(), bytes));
    expect_error(client.receive(), 100, kind);
    expect_alive(client);
  }

  // The refusal, then the word that is said before every close on purpose, then the end.
  static void expect_too_large_and_bye(RawClient& client) {
    const auto frames = client.receive_to_end();
    ASSERT_EQ(frames.size(), 2U);
    expect_error(frames[0], 100, errors::kTooLarge);
    EXPECT_EQ(frames[1].at("msgid"), 204) << frames[1];
    EXPECT_FALSE(frames[1].value("reason", "").empty()) << frames[1];
    EXPECT_TRUE(frames[1].contains("reconnect_after_ms")) << frames[1];
    EXPECT_FALSE(client.was_reset());
  }

  inline static std::unique_ptr<ServerProcess> server;
  inline static std::unique_ptr<User> witness;
  inline static Account account;
};
CHAT_RUN_IN_BOTH_FRAMINGS(BadFrames);

std::string repeated(std::string_view unit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += unit;
  return text;
}

TEST_P(BadFrames, WhatIsNotOneJsonObjectIsBadJson) {
  RawClient client = connect();
  for (const std::string_view bytes : {
           "{",
           "}",
           "{\"msgid\":21",
           "{\"msgid\":21}}",
           "{\"msgid\":21} x",
           "{\"msgid\":21}{\"msgid\":21}",
           "[]",
           "[{\"msgid\":21}]",
           "\"text\"",
           "21",
           "null",
           "true",
           "hello",
           "{'msgid':21}",
           "{msgid:21}",
           "{\"msgid\":21,}",
           "{\"msgid\" 21}",
           "{\"msgid\":021}",
           "{\"msgid\":+21}",
           "{\"msgid\":21,\"x\":.5}",
           "{\"msgid\":21,\"x\":1.}",
           "{\"msgid\":21,\"x\":0x10}",
           "{\"msgid\":21,\"x\":tru}",
           "{\"msgid\":21} // comment",
           "{\"msgid\":21/* comment */}",
           "{\"msgid\":21,\"x\":\"unfinished}",
           "{\"msgid\":21,\"x\":\"\\q\"}",
           "{\"msgid\":21,\"x\":\"\\u12G4\"}",
           "{\"msgid\":21,\"x\":\"a\tb\"}",
           "{\"msgid\":21,\"x\":\"a\x01"
           "b\"}",
       }) {
    expect_refused_frame(client, bytes, errors::kBadJson);
  }
}

TEST_P(BadFrames, NaNAndInfinityAreBadJson) {
  RawClient client = connect();
  for (const char* number : {"NaN", "nan", "Infinity", "-Infinity", "inf"}) {
    expect_refused_frame(client, std::string("{\"msgid\":21,\"x\":") + number + "}",
                         errors::kBadJson);
  }
}

TEST_P(BadFrames, KeysTwiceInOneObjectAreBadJson) {
  RawClient client = connect();
  for (const char* bytes : {
           "{\"msgid\":21,\"msgid\":21}",
           "{\"msgid\":21,\"a\":1,\"b\":2,\"a\":3}",
           "{\"msgid\":21,\"x\":{\"a\":1,\"a\":1}}",
           "{\"msgid\":21,\"x\":[{\"a\":1,\"a\":1}]}",
           "{\"msgid\":21,\"\\u006dsgid\":21}",
       }) {
    expect_refused_frame(client, bytes, errors::kBadJson);
  }
  client.send_raw(client.framed({{"msgid", 21}, {"x", {{"a", 1}}}, {"y", {{"a", 1}}}}));
  expect_ok(client.receive(), 121);
}

TEST_P(BadFrames, ByteOrderMarkIsBadJson) {
  RawClient fresh = connect();
  expect_refused_frame(fresh, "\xEF\xBB\xBF{\"msgid\":21}", errors::kBadJson);
  expect_refused_frame(fresh, "\xEF\xBB\xBF{\"msgid\":21}", errors::kBadJson);
}

TEST_P(BadFrames, InvalidUtf8IsBadUtf8) {
  RawClient client = connect();
  for (const std::string_view bytes : {
           "\xFF",
           "\x80",
           "\xC3",
           "\xC0\x80",
           "\xE2\x82",
           "\xED\xA0\x80",
           "\xF4\x90\x80\x80",
           "\xF0\x82\x82\xAC",
           "\xFE\xFE",
           "caf\xE9",
       }) {
    expect_refused_frame(client, "{\"msgid\":21,\"x\":\"" + std::string(bytes) + "\"}",
                         errors::kBadUtf8);
  }
}

TEST_P(BadFrames, LoneSurrogateEscapesAreRefused) {
  RawClient client = connect();
  for (const char* escape : {"\\ud800", "\\udc00", "\\ud800x", "\\ud83d\\u0041"}) {
    client.send_raw(
        client.wire() == Wire::kText
            ? "{\"msgid\":21,\"x\":\"" + std::string(escape) + "\"}\n"
            : frame(Wire::kBinary, "{\"msgid\":21,\"x\":\"" + std::string(escape) + "\"}"));
    const Json reply = client.receive();
    EXPECT_EQ(reply.at("msgid"), 100) << escape;
    EXPECT_THAT(reply.at("errno"), ::testing::AnyOf(10, 11)) << escape;
  }
  expect_alive(client);
}

TEST_P(BadFrames, DepthOverEightIsTooDeep) {
  RawClient client = connect();
  const auto nested = [](int depth) {
    return "{\"msgid\":21,\"x\":" + repeated("[", depth - 1) + repeated("]", depth - 1) + "}";
  };
  client.send_raw(frame(client.wire(), nested(8)));
  expect_ok(client.receive(), 121);
  expect_refused_frame(client, nested(9), errors::kTooDeep);
  expect_refused_frame(client, nested(1500), errors::kTooDeep);
  expect_refused_frame(
      client, "{\"msgid\":21,\"x\":" + repeated("{\"a\":", 8) + "1" + repeated("}", 8) + "}",
      errors::kTooDeep);
}

TEST_P(BadFrames, MsgidThatIsMissingOrNoPlainIntegerIsBadField) {
  RawClient client = connect();
  for (const char* bytes :
       {"{}", "{\"cid\":\"x\"}", "{\"msgid\":\"21\"}", "{\"msgid\":21.0}", "{\"msgid\":2.1e1}",
        "{\"msgid\":true}", "{\"msgid\":null}", "{\"msgid\":[21]}", "{\"msgid\":{}}"}) {
    client.send_raw(frame(client.wire(), bytes));
    Json reply = client.receive();
    reply.erase("cid");
    expect_error(reply, 100, errors::kBadField);
    EXPECT_NE(reply.value("errmsg", "").find("msgid"), std::string::npos) << reply;
  }
  expect_alive(client);
}

TEST_P(BadFrames, FrameOverTheLimitBeforeLoginIsTooLargeAndCloses) {
  RawClient client = connect();
  client.send_raw(frame(client.wire(), "{\"msgid\":21,\"x\":\"" + std::string(4096, 'x') + "\"}"));
  expect_too_large_and_bye(client);
}

TEST_P(BadFrames, FrameOneByteOverTheLimitIsTooLarge) {
  RawClient client = connect();
  const std::string head = "{\"msgid\":21,\"x\":\"";
  const std::string bytes = head + std::string(4097 - head.size() - 2, 'x') + "\"}";
  ASSERT_EQ(bytes.size(), 4097U);
  client.send_raw(frame(client.wire(), bytes));
  expect_too_large_and_bye(client);
}

TEST_P(BadFrames, FrameOverTheLimitAfterLoginIsTooLargeAndCloses) {
  User alice = log_in(server->port(), account, GetParam());
  alice.client.send({{"msgid", 21}, {"pad", std::string(65536, 'x')}});
  expect_too_large_and_bye(alice.client);
  log_in(server->port(), account, GetParam());  // and nobody is locked out
}

TEST_P(BadFrames, RequestsBeforeTheTooLargeOneAreAnswered) {
  RawClient client = connect();
  client.send_raw(client.framed({{"msgid", 21}}) + client.framed({{"msgid", 21}}) +
                  client.framed({{"pad", std::string(100'000, 'x')}}));
  expect_ok(client.receive(), 121);
  expect_ok(client.receive(), 121);
  expect_too_large_and_bye(client);
}

TEST_P(BadFrames, HalfAFrameThenFinOrResetIsJustAnEnd) {
  for (const bool with_reset : {false, true}) {
    RawClient client = connect();
    const std::string bytes = client.framed({{"msgid", 21}});
    client.send_raw(std::string_view(bytes).substr(0, bytes.size() - 2));
    if (with_reset) {
      client.reset();
    } else {
      client.half_close();
      for (const Json& reply : client.receive_to_end()) EXPECT_EQ(reply.at("msgid"), 100);
    }
  }
}

class BadText : public BadFrames {};
INSTANTIATE_TEST_SUITE_P(Framings, BadText, ::testing::Values(Wire::kText), wire_name);

class BadBinary : public BadFrames {};
INSTANTIATE_TEST_SUITE_P(Framings, BadBinary, ::testing::Values(Wire::kBinary), wire_name);

TEST_P(BadText, LineWithoutEndIsTooLargeAndCloses) {
  RawClient client = connect();
  client.send_raw("{" + std::string(6000, 'x'));
  expect_too_large_and_bye(client);
}

TEST_P(BadText, EndlessLineIsCutOffThoughThePeerNeverStops) {
  RawClient client = connect();
  try {
    const std::string chunk(64 * 1024, 'x');
    for (int i = 0; i < 1600 && !client.ended(); ++i) client.send_raw(chunk);
  } catch (const ConnectionEnded&) {
  }
  client.receive_to_end();
  EXPECT_TRUE(client.ended());
}

TEST_P(BadText, HttpRequestIsBadJsonLineByLine) {
  RawClient client = connect();
  client.send_raw("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  expect_error(client.receive(), 100, errors::kBadJson);
  expect_error(client.receive(), 100, errors::kBadJson);
  client.half_close();
  EXPECT_TRUE(client.receive_to_end().empty());

  RawClient post = connect();
  post.send_raw("POST / HTTP/1.1\r\n");
  expect_error(post.receive(), 100, errors::kBadJson);
}

TEST_P(BadText, TlsHelloIsRefused) {
  // The record header, the version and random bytes of a ClientHello; then a line end, as the
  // server waits for one.
  RawClient client = connect();
  client.send_raw(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\xa4\x9b\x11", 14) +
                  "\n");
  const Json reply = client.receive();
  EXPECT_EQ(reply.at("msgid"), 100);
  EXPECT_THAT(reply.at("errno"), ::testing::AnyOf(10, 11));
  client.send_raw(std::string("\x16\x03\x01", 3) + "\n");
  expect_error(client.receive(), 100, errors::kBadJson);
}

TEST_P(BadBinary, LengthOverTheLimitIsRefusedBeforeItsBytesCome) {
  for (const std::string_view header :
       {std::string_view("\x00\x00\x10\x01", 4), std::string_view("\x00\xFF\xFF\xFF", 4)}) {
    RawClient client = connect();
    client.send_raw(header);
    expect_too_large_and_bye(client);
  }
}

TEST_P(BadBinary, LaterLengthOfFourGibibytesIsRefused) {
  RawClient client = connect();
  expect_alive(client);
  client.send_raw("\xFF\xFF\xFF\xFF{\"msgid\":21}\n");
  expect_too_large_and_bye(client);
}

TEST_P(BadBinary, EmptyFrameIsBadJson) {
  RawClient client = connect();
  expect_refused_frame(client, "", errors::kBadJson);
}

}  // namespace
}  // namespace chat::test
