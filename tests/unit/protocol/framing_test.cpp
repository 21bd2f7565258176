#include "chat/protocol/framing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "live_bytes.h"

namespace chat::protocol {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using Frames = std::vector<std::string>;

struct Outcome {
  Frames frames;
  Framing framing = Framing::kUndecided;
  bool failed = false;
  bool partial = false;
  bool operator==(const Outcome&) const = default;
};

// Each piece is in memory that is freed afterwards, so that reading back is detected.
void feed_piece(FrameDecoder& decoder, std::string_view piece, Frames& frames) {
  const std::vector<char> bytes(piece.begin(), piece.end());
  decoder.feed({bytes.data(), bytes.size()});
  while (const auto frame = decoder.next()) frames.emplace_back(*frame);
}

Outcome decode(const std::vector<std::string_view>& pieces,
               std::size_t limit = kFrameMaxBytesBeforeLogin) {
  FrameDecoder decoder;
  decoder.set_frame_max_bytes(limit);
  Outcome outcome;
  for (const std::string_view piece : pieces) feed_piece(decoder, piece, outcome.frames);
  outcome.framing = decoder.framing();
  outcome.failed = decoder.failed();
  outcome.partial = decoder.has_partial_frame();
  return outcome;
}

Outcome decode_in_chunks(std::string_view stream, std::size_t size,
                         std::size_t limit = kFrameMaxBytesBeforeLogin) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < stream.size(); at += size)
    pieces.push_back(stream.substr(at, size));
  return decode(pieces, limit);
}

std::string framed(Framing framing, const Frames& frames) {
  std::string out;
  for (const std::string& frame : frames) append_frame(out, framing, frame);
  return out;
}

const std::string kLongFrame = R"({"msg":")" + std::string(300, 'x') + R"("})";

std::string object_of_size(std::size_t size) {
  std::string json(size, ' ');
  json.front() = '{';
  json.back() = '}';
  return json;
}

struct Stream {
  const char* name;
  std::string bytes;
  Frames frames;
  Framing framing;
};

const std::vector<Stream>& streams() {
  static const std::vector<Stream> all = {
      {"text",
       "{\"a\":1}\n{\"b\":2}\r\n" + kLongFrame + "\n{}\n",
       {"{\"a\":1}", "{\"b\":2}", kLongFrame, "{}"},
       Framing::kText},
      {"text with blank lines",
       "\n \t\r\n{\"a\":1}\n\r\n\r\r\n{\"b\":2}\r\r\n \n",
       {"{\"a\":1}", "{\"b\":2}\r"},
       Framing::kText},
      {"text that begins with white space",
       "  {\"a\":1} \n {}\n",
       {"  {\"a\":1} ", " {}"},
       Framing::kText},
      {"text with NULs after its first frame",
       "{\"a\":1}\n{\"b\0\":2}\n\0\n"s,
       {"{\"a\":1}", "{\"b\0\":2}"s, "\0"s},
       Framing::kText},
      {"something else, with a NUL",
       "\x16\x03\0\x01x\n{}\n"s,
       {"\x16\x03\0\x01x"s, "{}"},
       Framing::kText},
      {"an HTTP request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n{\"a\":1}\n", {}, Framing::kHttp},
      {"an HTTP request of another method",
       "BREW /pot HTTP/1.1\r\n\r\n{\"a\":1}\n",
       {},
       Framing::kHttp},
      {"an HTTP request behind an empty line and a foreign one",
       "\r\nhello\r\nPOST / HTTP/1.1\r\n\r\n{\"a\":1}\n",
       {"hello"},
       Framing::kHttp},
      {"text that begins like a method",
       "GETX / HTTP\n{\"a\":1}\nGET / HTTP/1.1\n",
       {"GETX / HTTP", "{\"a\":1}", "GET / HTTP/1.1"},
       Framing::kText},
      {"text that is shorter than a method", "PUT\n{}\n", {"PUT", "{}"}, Framing::kText},
      {"classic",
       "{\"a\":1}\0"s + kLongFrame + "\0{}\0"s,
       {"{\"a\":1}", kLongFrame, "{}"},
       Framing::kClassic},
      {"classic with line ends",
       "{\"a\":1}\0\r\n{\"b\":\n2}\r\n\0\n\0\0{}\0"s,
       {"{\"a\":1}", "\r\n{\"b\":\n2}\r\n", "{}"},
       Framing::kClassic},
      {"classic that begins with a blank",
       " {\"a\":1}\r\0{}\0"s,
       {" {\"a\":1}\r", "{}"},
       Framing::kClassic},
      {"binary",
       framed(Framing::kBinary, {"{\"a\":1}", "", kLongFrame, "\n", "{}"}),
       {"{\"a\":1}", "", kLongFrame, "\n", "{}"},
       Framing::kBinary},
      {"binary that begins with nothing",
       "\0\0\0\0\0\0\0\0\0\0\0\2{}"s,
       {"", "", "{}"},
       Framing::kBinary},
  };
  return all;
}

TEST(FrameDecoder, DecodesTheSameWhenSplitAtEveryByte) {
  for (const Stream& stream : streams()) {
    const Outcome expected{stream.frames, stream.framing, false, false};
    const std::string_view bytes = stream.bytes;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      SCOPED_TRACE(testing::Message() << stream.name << " cut at " << cut);
      EXPECT_EQ(decode({bytes.substr(0, cut), bytes.substr(cut)}), expected);
    }
  }
}

TEST(FrameDecoder, DecodesTheSameInPiecesOfEverySize) {
  for (const Stream& stream : streams()) {
    const Outcome expected{stream.frames, stream.framing, false, false};
    for (std::size_t size = 1; size <= stream.bytes.size(); ++size) {
      SCOPED_TRACE(testing::Message() << stream.name << " in pieces of " << size);
      EXPECT_EQ(decode_in_chunks(stream.bytes, size), expected);
    }
  }
}

TEST(FrameDecoder, IsUndecidedUntilTheFirstByteAndTextUntilTheFirstNul) {
  FrameDecoder decoder;
  EXPECT_EQ(decoder.framing(), Framing::kUndecided);
  decoder.feed("");
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_EQ(decoder.framing(), Framing::kUndecided);
  decoder.feed("{}");
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_EQ(decoder.framing(), Framing::kText);
  decoder.feed(std::string_view("\0", 1));
  EXPECT_EQ(decoder.next(), "{}");
  EXPECT_EQ(decoder.framing(), Framing::kClassic);
}

TEST(FrameDecoder, ReturnsAWholeObjectWithoutATerminator) {
  FrameDecoder decoder;
  Frames frames;
  feed_piece(decoder, "{\"a\":{}", frames);
  EXPECT_TRUE(decoder.may_be_unterminated());
  EXPECT_EQ(decoder.take_unterminated(), std::nullopt);
  feed_piece(decoder, "}", frames);
  EXPECT_EQ(decoder.take_unterminated(), "{\"a\":{}}");
  EXPECT_FALSE(decoder.has_partial_frame());
  EXPECT_EQ(decoder.take_unterminated(), std::nullopt);
  EXPECT_EQ(decoder.framing(), Framing::kText);
  EXPECT_TRUE(frames.empty());
}

TEST(FrameDecoder, WhiteSpaceAfterAnUnterminatedObjectIsIgnored) {
  for (const std::string_view rest : {" ", "\r", "\t \r"}) {
    FrameDecoder decoder;
    Frames frames;
    feed_piece(decoder, "{\"a\":1}", frames);
    feed_piece(decoder, rest, frames);
    EXPECT_TRUE(decoder.may_be_unterminated());
    EXPECT_EQ(decoder.take_unterminated(), "{\"a\":1}" + std::string(rest));
    EXPECT_FALSE(decoder.has_partial_frame());
  }
}

TEST(FrameDecoder, NextByteDecidesTheFramingOfAnUnterminatedObject) {
  for (const auto& [rest, framing] :
       {std::pair{"\n"sv, Framing::kText}, std::pair{"\r\n{}\n"sv, Framing::kText},
        std::pair{"\0"sv, Framing::kClassic}, std::pair{"{}\0"sv, Framing::kClassic}}) {
    FrameDecoder decoder;
    Frames frames;
    feed_piece(decoder, "{}", frames);
    ASSERT_TRUE(decoder.take_unterminated());
    decoder.presume_classic();
    EXPECT_EQ(decoder.framing(), Framing::kClassic);
    for (const char byte : rest) feed_piece(decoder, {&byte, 1}, frames);
    EXPECT_EQ(decoder.framing(), framing);
    EXPECT_EQ(frames.size(), rest.size() > 2 ? 1U : 0U);
    feed_piece(decoder, "{}", frames);
    EXPECT_EQ(decoder.may_be_unterminated(), framing == Framing::kClassic);
  }
}

TEST(FrameDecoder, ReturnsACompleteFrameWithoutACopy) {
  const std::string text = "{\"a\":1}\n";
  FrameDecoder decoder;
  decoder.feed(text);
  EXPECT_EQ(decoder.next()->data(), text.data());
  EXPECT_EQ(decoder.next(), std::nullopt);

  const std::string binary = framed(Framing::kBinary, {"{}"});
  FrameDecoder other;
  other.feed(binary);
  EXPECT_EQ(other.next()->data(), binary.data() + 4);
}

TEST(FrameDecoder, AcceptsAFrameOfExactlyTheLimitInEveryFraming) {
  const std::string frame = object_of_size(100);
  for (const std::string& bytes : {frame + "\n", frame + "\r\n", frame + "\0"s,
                                   framed(Framing::kBinary, {frame}), "{}\0"s + frame + "\0"s}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
      const Outcome outcome = decode_in_chunks(bytes, size, frame.size());
      EXPECT_FALSE(outcome.failed);
      ASSERT_FALSE(outcome.frames.empty());
      EXPECT_EQ(outcome.frames.back(), frame);
    }
  }
}

TEST(FrameDecoder, RefusesOneByteOverTheLimitInEveryFraming) {
  const std::string frame = object_of_size(101);
  for (const std::string& bytes :
       {frame + "\n", frame + "\r\n", std::string(100, 'x') + "\r\r\n", frame + "\0"s,
        framed(Framing::kBinary, {frame}), "{}\0"s + std::string(100, 'x') + "\r\0"s,
        std::string(101, ' ') + "\n"}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
      const Outcome outcome = decode_in_chunks(bytes, size, frame.size() - 1);
      EXPECT_TRUE(outcome.failed);
      EXPECT_LE(outcome.frames.size(), 1u);
      EXPECT_FALSE(outcome.partial);
    }
  }
}

TEST(FrameDecoder, FailsAsSoonAsAFrameMustBeTooLong) {
  const std::string full(100, 'x');
  EXPECT_FALSE(decode({full}, 100).failed);
  EXPECT_FALSE(decode({full, "\r"}, 100).failed);
  EXPECT_TRUE(decode({full, "x"}, 100).failed);
  EXPECT_TRUE(decode({full, "\r", "x"}, 100).failed);
  EXPECT_TRUE(decode({full, "\r", "\r"}, 100).failed);
  EXPECT_TRUE(decode({"{}\0"s, full, "\r"}, 100).failed);
}

TEST(FrameDecoder, ReturnsTheFramesBeforeATooLongOne) {
  const Outcome outcome = decode({"{}\n[]\n" + std::string(101, 'x') + "\n{}\n"}, 100);
  EXPECT_EQ(outcome.frames, (Frames{"{}", "[]"}));
  EXPECT_TRUE(outcome.failed);
}

// The end of an overlong frame is not looked for.
TEST(FrameDecoder, OverlongFirstFrameIsTextHoweverSplit) {
  for (const std::string& bytes :
       {"{" + std::string(40, 'x') + "\0"s, "{" + std::string(9, 'x') + "\r\0"s}) {
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
      const Outcome outcome = decode_in_chunks(bytes, size, 10);
      EXPECT_TRUE(outcome.failed);
      EXPECT_EQ(outcome.framing, Framing::kText) << size;
    }
  }
}

TEST(FrameDecoder, IgnoresInputAfterAFailure) {
  EXPECT_EQ(decode({std::string(101, 'x'), "\n", "{}\n"}, 100).frames, Frames{});
}

TEST(FrameDecoder, StartsWithTheLimitBeforeLogin) {
  for (const std::size_t size : {kFrameMaxBytesBeforeLogin, kFrameMaxBytesBeforeLogin + 1}) {
    FrameDecoder decoder;
    const std::string bytes = std::string(size, 'x') + "\n";
    decoder.feed(bytes);
    EXPECT_EQ(decoder.next().has_value(), size == kFrameMaxBytesBeforeLogin);
  }
}

TEST(FrameDecoder, NewLimitAppliesFromTheNextFrame) {
  FrameDecoder decoder;
  decoder.set_frame_max_bytes(10);
  decoder.feed("{1234");
  EXPECT_EQ(decoder.next(), std::nullopt);
  decoder.set_frame_max_bytes(5);
  decoder.feed("5678}\n{1234}\n");
  EXPECT_EQ(decoder.next(), "{12345678}");
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_TRUE(decoder.failed());
}

TEST(FrameDecoder, RefusesLengthOverLimitBeforeAllocating) {
  for (const std::string& header : {"\0\x00\x10\x01"s, "\0\xFF\xFF\xFF"s}) {
    FrameDecoder decoder;
    const std::size_t before = live_bytes();
    decoder.feed(header);
    EXPECT_EQ(decoder.next(), std::nullopt);
    EXPECT_TRUE(decoder.failed());
    EXPECT_EQ(live_bytes(), before);
  }
  EXPECT_TRUE(decode({"\0\0\0\2{}"s, "\xFF\xFF\xFF\xFF"}).failed);
}

TEST(FrameDecoder, KeepsOnlyReceivedBytesOfABinaryFrame) {
  FrameDecoder decoder;
  const std::size_t before = live_bytes();
  decoder.feed("\0\x00\x10\x00"sv);
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_FALSE(decoder.failed());
  EXPECT_LE(live_bytes(), before + 2 * sizeof(std::string));
}

TEST(FrameDecoder, FreesAFramesMemoryWhenDone) {
  for (const Framing framing : {Framing::kText, Framing::kClassic, Framing::kBinary}) {
    const std::string bytes = framed(framing, {std::string(4000, '{')});
    const std::string_view view = bytes;
    FrameDecoder decoder;
    const std::size_t before = live_bytes();
    decoder.feed(view.substr(0, 3000));
    EXPECT_EQ(decoder.next(), std::nullopt);
    EXPECT_GE(live_bytes(), before + 3000);
    decoder.feed(view.substr(3000));
    EXPECT_NE(decoder.next(), std::nullopt);
    EXPECT_EQ(decoder.next(), std::nullopt);
    EXPECT_EQ(live_bytes(), before);
  }
}

TEST(FrameDecoder, FreesAFramesMemoryOnFailure) {
  FrameDecoder decoder;
  const std::size_t before = live_bytes();
  const std::string bytes(4000, 'x');
  const std::size_t with_bytes = live_bytes();
  decoder.feed(bytes);
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_GT(live_bytes(), with_bytes);
  decoder.feed(bytes);
  EXPECT_EQ(decoder.next(), std::nullopt);
  EXPECT_TRUE(decoder.failed());
  EXPECT_EQ(live_bytes(), with_bytes);
  EXPECT_GE(with_bytes, before);
}

TEST(FrameDecoder, KnowsWhetherAFrameHasBegun) {
  EXPECT_FALSE(decode({"{}\n"}).partial);
  EXPECT_TRUE(decode({"{}\n{"}).partial);
  EXPECT_TRUE(decode({"{}\n", "{", " "}).partial);
  EXPECT_FALSE(decode({"{}\n{", "}\n"}).partial);
  EXPECT_FALSE(decode({"{}\0\n"s}).partial);
  EXPECT_FALSE(decode({"{}\r\n", "\r"}).partial);
  EXPECT_TRUE(decode({"\0"s}).partial);
  EXPECT_TRUE(decode({"\0\0\0\2{"s}).partial);
  EXPECT_FALSE(decode({"\0\0\0\2{"s, "}"}).partial);
}

// Rescanning the whole unfinished frame with each byte would read 500 GB per stream.
TEST(FrameDecoder, TakesLinearTimeForSingleBytes) {
  const std::string body(1'000'000, '{');
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& stream : {body + "\n", "x" + body + "\n", body + "\0"s,
                                    "{}\0"s + body + "\0"s, framed(Framing::kBinary, {body})}) {
    FrameDecoder decoder;
    decoder.set_frame_max_bytes(stream.size());
    std::size_t longest = 0;
    for (std::size_t at = 0; at < stream.size(); ++at) {
      decoder.feed(std::string_view(stream).substr(at, 1));
      while (const auto frame = decoder.next()) longest = std::max(longest, frame->size());
    }
    EXPECT_GE(longest, body.size());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(12));
}

TEST(FrameDecoderDeathTest, FeedNeedsTheEarlierBytesToBeConsumed) {
  FrameDecoder decoder;
  decoder.feed("{}\n{}\n");
  EXPECT_EQ(decoder.next(), "{}");
  EXPECT_DEATH(decoder.feed("{}\n"), "input_.empty");
}

TEST(AppendFrame, AddsTheTerminatorOrLengthOfTheFraming) {
  EXPECT_EQ(framed(Framing::kText, {"{}", "[]"}), "{}\n[]\n");
  EXPECT_EQ(framed(Framing::kUndecided, {"{}"}), "{}\n");
  EXPECT_EQ(framed(Framing::kClassic, {"{}"}), "{}\0"s);
  EXPECT_EQ(framed(Framing::kBinary, {"{}"}), "\0\0\0\2{}"s);
  EXPECT_EQ(framed(Framing::kBinary, {std::string(0x10203, ' ')}).substr(0, 4), "\0\1\2\3"s);
}

}  // namespace
}  // namespace chat::protocol
