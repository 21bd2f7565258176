// Other protocols: TLS, PROXY headers on the wrong port, and malformed ones on the right one. HTTP
// is in ../http_test.cpp, because its response is no frame.
#include "row.h"
#include "support/proxies/proxy_header_bytes.h"

namespace chat::test::bank {
namespace {

const Answer kStrangersBadJson = refused(100, errors::kBadJson);
const Answer kBadUtf8 = refused(100, errors::kBadUtf8);

// A TLS 1.2 record with a ClientHello, shortened to its fixed part; `random` is 32 bytes.
std::string hello(const std::string& random) {
  const std::string body = std::string("\x01\0\0\x2B\x03\x03", 6) + random +
                           std::string("\0\0\x04\xC0\x2F\xC0\x30\x01\0", 9);
  return std::string("\x16\x03\x01\0", 4) + static_cast<char>(body.size()) + body;
}
const std::string kTarget = "\xC6\x33\x64\x01\x9C\x40\x17\x70";

// On the balancers' port there is no output, not even for a following request.
Row misled(std::string name, std::string header) {
  return raw(std::move(name), Way::kProxy, std::move(header) + "{\"msgid\":21}\n", {ends()});
}

const std::vector<Row> kStrangerRows = {
    raw("SSH", Way::kText, "SSH-2.0-OpenSSH_9.2\r\n", {kStrangersBadJson}),
    raw("SMTP", Way::kText, "EHLO example.org\r\nQUIT\r\n", {kStrangersBadJson, kStrangersBadJson}),
    raw("Redis", Way::kText, "*1\r\n$4\r\nPING\r\n",
        {kStrangersBadJson, kStrangersBadJson, kStrangersBadJson}),
    // A stream that begins as TLS is never served: a TLS server can choose bytes of its client's
    // hello.
    raw("TLS hello and a line end", Way::kText, hello(repeated("\xA4", 32)) + "\n",
        {kBadUtf8, ends()}, Then::kHangUp),
    raw("TLS hello with a line end in its random bytes", Way::kText,
        hello(repeated("\x0A", 32)) + "\n", {kStrangersBadJson, kBadUtf8, ends()}, Then::kHangUp),
    raw("TLS hello and FIN", Way::kText, hello(repeated("\xA4", 32)), {ends()}, Then::kHangUp),
    raw("TLS hello without an end", Way::kText,
        hello(repeated("\xA4", 32)) + repeated("\xA4", 5000),
        {refused(100, errors::kTooLarge), bye("too_large")}),
    raw("SSL 2 hello", Way::kText, std::string("\x80\x2E\x01\x03\x01\0\x15\0\0\0\x10\n", 12),
        {kBadUtf8}),
    raw("PROXY header where clients come", Way::kText,
        text_header("203.0.113.9") + "{\"msgid\":21}\n", {kStrangersBadJson, ok(121)}),
    raw("binary PROXY header where clients come", Way::kText,
        binary_header(0x21, 0x11, "\xCB\x71\x71\x07" + kTarget) + "\n{\"msgid\":21}\n",
        {kStrangersBadJson, kStrangersBadJson, kBadUtf8, ok(121)}),
    misled("no PROXY header", ""),
    misled("PROXY in small letters", "proxy TCP4 203.0.113.7 198.51.100.1 40000 6000\r\n"),
    misled("PROXY of an unknown protocol", "PROXY UDP4 203.0.113.7 198.51.100.1 40000 6000\r\n"),
    misled("PROXY without ports", "PROXY TCP4 203.0.113.7 198.51.100.1\r\n"),
    misled("PROXY without anything", "PROXY\r\n"),
    misled("PROXY with a port too great", "PROXY TCP4 203.0.113.7 198.51.100.1 65536 6000\r\n"),
    misled("PROXY with a port below 0", "PROXY TCP4 203.0.113.7 198.51.100.1 -1 6000\r\n"),
    misled("PROXY with an address that is none", "PROXY TCP4 203.0.113.256 198.51.100.1 1 2\r\n"),
    misled("PROXY of IPv6 with an IPv4 address", "PROXY TCP6 203.0.113.7 198.51.100.1 1 2\r\n"),
    misled("PROXY with two spaces", "PROXY TCP4  203.0.113.7 198.51.100.1 1 2\r\n"),
    misled("PROXY with NUL", std::string("PROXY TCP4 203.0.113.7\0 198.51.100.1 1 2\r\n", 42)),
    misled("PROXY that ends in LF alone", "PROXY TCP4 203.0.113.7 198.51.100.1 1 2\n"),
    misled("PROXY line over 107 bytes", "PROXY UNKNOWN " + repeated("x", 100) + "\r\n"),
    misled("PROXY line without an end", "PROXY UNKNOWN " + repeated("x", 5000)),
    misled("two PROXY headers in the wrong order", "\r\n" + text_header("203.0.113.7")),
    misled("binary PROXY of version 1", binary_header(0x11, 0x11, kTarget + "\x01\x02\x03\x04")),
    misled("binary PROXY with an unknown command",
           binary_header(0x22, 0x11, kTarget + "\x01\x02\x03\x04")),
    misled("binary PROXY with UDP", binary_header(0x21, 0x12, kTarget + "\x01\x02\x03\x04")),
    misled("binary PROXY with a path", binary_header(0x21, 0x31, zeros(216))),
    misled("binary PROXY too short for its addresses", binary_header(0x21, 0x11, kTarget)),
    misled("binary PROXY of IPv6, too short", binary_header(0x21, 0x21, zeros(35))),
    misled("binary PROXY of 64 KiB", binary_header(0x20, 0x00, zeros(65'535))),
    raw("PROXY header and FIN", Way::kProxy, text_header("203.0.113.7"), {ends()}, Then::kHangUp),
    raw("half a PROXY header and FIN", Way::kProxy, "PROXY TCP4 203.0", {ends()}, Then::kHangUp),
    raw("half a PROXY header and RST", Way::kProxy, "PROXY TCP4 203.0", {}, Then::kReset),
    raw("two PROXY headers", Way::kProxy,
        text_header("203.0.113.7") + text_header("203.0.113.8") + "{\"msgid\":21}\n",
        {kStrangersBadJson, ok(121)}),
};

}  // namespace

std::span<const Row> stranger_rows() {
  return kStrangerRows;
}

}  // namespace chat::test::bank
