// Where frames begin and end.
#include "row.h"

namespace chat::test::bank {
namespace {

const Answer kBadJson = refused(100, errors::kBadJson);
const Answer kTooLarge = refused(100, errors::kTooLarge);

std::string bytes(std::string_view text) {
  return std::string(text);
}

// A PING of exactly so many bytes.
std::string ping_of(int size) {
  const std::string head = R"({"msgid":21,"x":")";
  return head + repeated("x", size - static_cast<int>(head.size()) - 2) + "\"}";
}

const std::vector<Row> kFramingRows = {
    raw("line end in the middle of an object", Way::kText, "{\"msgid\":\n21}\n",
        {kBadJson, kBadJson}),
    raw("carriage return alone ends nothing", Way::kText, "{\"msgid\":21}\r{\"msgid\":21}\n",
        {kBadJson}),
    raw("empty lines and blanks are no frames", Way::kText, "\n\r\n  \n\t\n{\"msgid\":21}\n",
        {ok(121)}),
    raw("blanks around an object", Way::kText, " \t{\"msgid\":21} \t\r\n", {ok(121)}),
    raw("two objects in one line", Way::kText, "{\"msgid\":21}{\"msgid\":21}\n", {kBadJson}),
    raw("NUL in a later line", Way::kText, bytes({"{\"msgid\":21}\n{\"msgid\":21}\0\n", 27}),
        {ok(121), kBadJson}),
    raw("telnet negotiation", Way::kText, "\xFF\xFD\x01\xFF\xFD\x1F\n",
        {refused(100, errors::kBadUtf8)}),
    raw("line without an end", Way::kText, "{" + repeated("x", 6000),
        {kTooLarge, bye("too_large")}),
    raw("blanks without an end", Way::kText, repeated(" ", 6000), {kTooLarge, bye("too_large")}),
    raw("first frame over the limit", Way::kText, ping_of(4097) + "\n",
        {kTooLarge, bye("too_large")}),
    raw("later frame over the limit", Way::kText, "{\"msgid\":21}\n" + ping_of(4097) + "\n",
        {ok(121), kTooLarge, bye("too_large")}),
    raw("what follows a frame over the limit", Way::kText,
        ping_of(70'000) + "\n" + "{\"msgid\":21}\n", {kTooLarge, bye("too_large")}),
    raw("half a line and FIN", Way::kText, "{\"msgid\":2", {ends()}, Then::kHangUp),
    raw("half a line and RST", Way::kText, "{\"msgid\":2", {}, Then::kReset),
    raw("FIN and nothing else", Way::kText, "", {ends()}, Then::kHangUp),
    raw("request and FIN", Way::kText, "{\"msgid\":21}\n", {ok(121), ends()}, Then::kHangUp),
    raw("request and RST", Way::kText, "{\"msgid\":21}\n", {}, Then::kReset),
    raw("no bytes in a binary frame", Way::kBinary, bytes({"\0\0\0\0", 4}), {kBadJson}),
    raw("many binary frames without bytes", Way::kBinary, bytes({"\0\0\0\0\0\0\0\0\0\0\0\0", 12}),
        {kBadJson, kBadJson, kBadJson}),
    raw("binary length one over the limit", Way::kBinary, bytes({"\0\0\x10\x01", 4}),
        {kTooLarge, bye("too_large")}),
    raw("binary length of the limit after login", Way::kBinary, bytes({"\0\1\0\0", 4}),
        {kTooLarge, bye("too_large")}),
    raw("greatest first binary length", Way::kBinary, bytes({"\0\xFF\xFF\xFF", 4}),
        {kTooLarge, bye("too_large")}),
    raw("later binary length of 4 GiB", Way::kBinary,
        bytes({"\0\0\0\x0C{\"msgid\":21}\xFF\xFF\xFF\xFF", 20}),
        {ok(121), kTooLarge, bye("too_large")}),
    raw("later binary length of 2 GiB", Way::kBinary,
        bytes({"\0\0\0\x0C{\"msgid\":21}\x80\0\0\0", 20}), {ok(121), kTooLarge, bye("too_large")}),
    raw("text in a binary conversation", Way::kBinary,
        bytes({"\0\0\0\x0C{\"msgid\":21}", 16}) + "{\"msgid\":21}\n",
        {ok(121), kTooLarge, bye("too_large")}),
    raw("binary frame with its line end inside", Way::kBinary,
        bytes({"\0\0\0\x0D{\"msgid\":21}\n", 17}), {ok(121)}),
    raw("binary length that cuts an object", Way::kBinary,
        bytes({"\0\0\0\x06{\"msgi\0\0\0\x06"
               "d\":21}",
               20}),
        {kBadJson, kBadJson}),
    raw("half a binary length and FIN", Way::kBinary, bytes({"\0\0", 2}), {ends()}, Then::kHangUp),
    raw("half a binary frame and FIN", Way::kBinary, bytes({"\0\0\0\x0C{\"msg", 9}), {ends()},
        Then::kHangUp),
    raw("half a binary frame and RST", Way::kBinary, bytes({"\0\0\0\x0C{\"msg", 9}), {},
        Then::kReset),
    raw("NUL in a binary frame", Way::kBinary, bytes({"\0\0\0\x0D{\"msgid\":21}\0", 17}),
        {kBadJson}),
};

}  // namespace

std::span<const Row> framing_rows() {
  return kFramingRows;
}

}  // namespace chat::test::bank
