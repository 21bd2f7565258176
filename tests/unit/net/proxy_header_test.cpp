#include "net/inner/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/proxies/proxy_header_bytes.h"

namespace chat::net {
namespace {

using std::string_view_literals::operator""sv;
using State = ProxyHeaderState;
using test::binary_header;
using test::zeros;

struct GoodHeader {
  std::string header;
  std::string_view client;  // empty: the socket's own peer
};

const std::string kSourceV4("\xCB\x00\x71\x07", 4);            // 203.0.113.7
const std::string kDestinationV4("\xC6\x33\x64\x01", 4);       // 198.51.100.1
const std::string kPorts("\xDC\x04\x17\x70", 4);               // 56324, 6000
const std::string kSourceV6 = "\x20\x01\x0D\xB8" + zeros(12);  // 2001:db8::
const std::string kMappedV6 = zeros(10) + "\xFF\xFF" + kSourceV4;

const std::string kBodyV4 = kSourceV4 + kDestinationV4 + kPorts;
const std::string kBodyV6 = kSourceV6 + kSourceV6 + kPorts;
const std::string kTlvs = std::string("\x03\x00\x04", 3) + "crc!" + "\x04" + zeros(2);

const GoodHeader kGood[] = {
    {"PROXY TCP4 203.0.113.7 198.51.100.1 56324 6000\r\n", "203.0.113.7:56324"},
    {"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0"},
    {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535"},
    {"PROXY TCP6 2001:db8::7 ::1 1 65535\r\n", "[2001:db8::7]:1"},
    {"PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0007 ::1 1 2\r\n", "[2001:db8::7]:1"},
    {"PROXY TCP6 ::ffff:203.0.113.7 ::1 80 2\r\n", "203.0.113.7:80"},
    {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "65535 65535\r\n",
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {"PROXY UNKNOWN\r\n", ""},
    {"PROXY UNKNOWN \r\n", ""},
    {"PROXY UNKNOWN whatever  the sender 1 likes\r\n", ""},
    {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
     ""},
    {binary_header(0x21, 0x11, kBodyV4), "203.0.113.7:56324"},
    {binary_header(0x21, 0x11, kBodyV4 + kTlvs), "203.0.113.7:56324"},
    {binary_header(0x21, 0x11, kBodyV4 + zeros(536 - 16 - 12)), "203.0.113.7:56324"},
    {binary_header(0x21, 0x21, kBodyV6), "[2001:db8::]:56324"},
    {binary_header(0x21, 0x21, kBodyV6 + kTlvs), "[2001:db8::]:56324"},
    {binary_header(0x21, 0x21, kMappedV6 + kSourceV6 + kPorts), "203.0.113.7:56324"},
    {binary_header(0x20, 0x00, ""), ""},
    {binary_header(0x20, 0x11, kBodyV4), ""},
    {binary_header(0x20, 0x42, "what LOCAL says of addresses is ignored"), ""},
    {binary_header(0x21, 0x00, ""), ""},
    {binary_header(0x21, 0x00, kTlvs), ""},
};

TEST(ProxyHeader, ReturnsTheClientAndItsLength) {
  for (const GoodHeader& row : kGood) {
    for (const std::string_view after : {""sv, "{"sv, "\r\n"sv, "PROXY TCP4 1.1.1.1"sv}) {
      const ProxyHeader header = parse_proxy_header(row.header + std::string(after));
      ASSERT_EQ(header.state, State::kComplete) << ::testing::PrintToString(row.header);
      EXPECT_EQ(header.size, row.header.size());
      EXPECT_EQ(header.client ? header.client->to_string() : "", row.client);
    }
  }
}

TEST(ProxyHeader, NeedsEveryByte) {
  for (const GoodHeader& row : kGood) {
    for (std::size_t size = 0; size < row.header.size(); ++size) {
      EXPECT_EQ(parse_proxy_header(row.header.substr(0, size)).state, State::kNeedsMore)
          << size << " of " << ::testing::PrintToString(row.header);
    }
  }
}

TEST(ProxyHeader, LongestLineOfTextHas107Bytes) {
  const std::string begin = "PROXY UNKNOWN ";
  const std::string longest = begin + std::string(107 - begin.size() - 2, 'x');
  EXPECT_EQ(parse_proxy_header(longest + "\r\n").state, State::kComplete);
  EXPECT_EQ(parse_proxy_header(longest + "x\r").state, State::kMalformed);
  EXPECT_EQ(parse_proxy_header(longest + "xx").state, State::kMalformed);
  EXPECT_EQ(parse_proxy_header(longest + std::string(500, 'x') + "\r\n").state, State::kMalformed);
}

TEST(ProxyHeader, OversizedBinaryHeaderIsRefusedByItsLength) {
  const std::string over = binary_header(0x21, 0x11, kBodyV4 + zeros(536 - 16 - 12 + 1));
  EXPECT_EQ(parse_proxy_header(over.substr(0, 15)).state, State::kNeedsMore);
  EXPECT_EQ(parse_proxy_header(over.substr(0, 16)).state, State::kMalformed);
  EXPECT_EQ(parse_proxy_header(binary_header(0x20, 0x00, zeros(65535))).state, State::kMalformed);
}

TEST(ProxyHeader, RefusesOtherInputAtItsFirstWrongByte) {
  for (const std::string_view bytes : {"{"sv, " "sv, "\0"sv, "\n"sv, "GET / HTTP/1.1"sv, "proxy "sv,
                                       "PROXX"sv, "PROXY\r"sv, "\rP"sv, "\r\n\r\n\1"sv}) {
    EXPECT_EQ(parse_proxy_header(bytes).state, State::kMalformed)
        << ::testing::PrintToString(bytes);
  }
}

TEST(ProxyHeader, RefusesMalformedLines) {
  const std::string_view table[] = {
      "PROXY \r\n"sv,
      "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8  1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1  2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n"sv,
      "PROXY TCP4\t1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8\r\n"sv,
      "PROXY TCP4 1.2.3.4\r\n"sv,
      "PROXY TCP4 \r\n"sv,
      "PROXY TCP4\r\n"sv,
      // line ends
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx"sv,
      "PROXY UNKNOWN\n"sv,
      "PROXY UNKNOWN a\rb\r\n"sv,
      // protocols
      "PROXY TCP 1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY UNKNOWNX\r\n"sv,
      "PROXY unknown\r\n"sv,
      // ports
      "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 4294967297 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 00\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1x 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 0x1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1\0 2\r\n"sv,
      // addresses
      "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 5.6.7.08 1 2\r\n"sv,
      "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4.5 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.-4 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 16909060 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 localhost 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP4 ::1 ::1 1 2\r\n"sv,
      "PROXY TCP4 1.2.3.4 ::1 1 2\r\n"sv,
      "PROXY TCP4 ::ffff:1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n"sv,
      "PROXY TCP6 ::1 1.2.3.4 1 2\r\n"sv,
      "PROXY TCP6 [::1] ::1 1 2\r\n"sv,
      "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"sv,
      "PROXY TCP6 ::1::2 ::1 1 2\r\n"sv,
      "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n"sv,
      "PROXY TCP6 ::12345 ::1 1 2\r\n"sv,
  };
  for (const std::string_view line : table) {
    EXPECT_EQ(parse_proxy_header(line).state, State::kMalformed) << ::testing::PrintToString(line);
  }
}

TEST(ProxyHeader, RefusesMalformedBinaryHeaders) {
  struct BadHeader {
    unsigned command;
    unsigned family;
    std::string body;
  };
  const BadHeader table[] = {
      {0x11, 0x11, kBodyV4},  // version 1
      {0x31, 0x11, kBodyV4},
      {0x22, 0x11, kBodyV4},  // no command of this number
      {0x2F, 0x11, kBodyV4},
      {0x22, 0x00, ""},
      {0x21, 0x10, kBodyV4},  // transports
      {0x21, 0x12, kBodyV4},
      {0x21, 0x22, kBodyV6},
      {0x21, 0x01, kBodyV4},  // families
      {0x21, 0x31, zeros(216)},
      {0x21, 0x41, kBodyV6},
      {0x21, 0x11, kBodyV4.substr(1)},  // addresses that do not fit
      {0x21, 0x11, ""},
      {0x21, 0x21, kBodyV6.substr(1)},
      {0x21, 0x21, kBodyV4},
  };
  for (const BadHeader& row : table) {
    EXPECT_EQ(parse_proxy_header(binary_header(row.command, row.family, row.body)).state,
              State::kMalformed)
        << row.command << ' ' << row.family << ' ' << row.body.size();
  }
}

}  // namespace
}  // namespace chat::net
