// Frames that are not one strict JSON object with a msgid.
#include "row.h"

namespace chat::test::bank {
namespace {

constexpr State kFresh = State::kFresh;

Row bad(std::string name, std::string frame) {
  return row(std::move(name), kFresh, std::move(frame), refused(100, errors::kBadJson));
}
Row deep(std::string name, std::string frame) {
  return row(std::move(name), kFresh, std::move(frame), refused(100, errors::kTooDeep));
}
Row no_msgid(std::string name, std::string frame) {
  return row(std::move(name), kFresh, std::move(frame), bad_field(100, "msgid"));
}
Row unknown(std::string name, std::string frame) {
  return row(std::move(name), kFresh, std::move(frame), refused(100, errors::kUnknownMsgid));
}

const std::vector<Row> kJsonRows = {
    bad("an opening brace", "{"),
    bad("a closing brace", "}"),
    bad("an object that is not closed", R"({"msgid":21)"),
    bad("a brace too many", R"({"msgid":21}})"),
    bad("a word behind the object", R"({"msgid":21} x)"),
    bad("two objects", R"({"msgid":21}{"msgid":21})"),
    bad("an empty array", "[]"),
    bad("an array of requests", R"([{"msgid":21}])"),
    bad("a text", R"("text")"),
    bad("a number", "21"),
    bad("null", "null"),
    bad("true", "true"),
    bad("a bare word", "hello"),
    bad("single quotes", "{'msgid':21}"),
    bad("a key without quotes", "{msgid:21}"),
    bad("a comma at the end", R"({"msgid":21,})"),
    bad("a colon missing", R"({"msgid" 21})"),
    bad("a leading zero", R"({"msgid":021})"),
    bad("a plus sign", R"({"msgid":+21})"),
    bad("a number that begins with its point", R"({"msgid":21,"x":.5})"),
    bad("a number that ends with its point", R"({"msgid":21,"x":1.})"),
    bad("a hexadecimal number", R"({"msgid":21,"x":0x10})"),
    bad("half a word", R"({"msgid":21,"x":tru})"),
    bad("a comment of one line", R"({"msgid":21} // comment)"),
    bad("a comment inside", R"({"msgid":21/* comment */})"),
    bad("a text without an end", R"({"msgid":21,"x":"unfinished})"),
    bad("an escape that is none", R"({"msgid":21,"x":"\q"})"),
    bad("an escape that is cut", R"({"msgid":21,"x":"\u12G4"})"),
    bad("a raw tab in a text", "{\"msgid\":21,\"x\":\"a\tb\"}"),
    bad("a raw control character in a text",
        "{\"msgid\":21,\"x\":\"a\x01"
        "b\"}"),
    bad("NaN", R"({"msgid":21,"x":NaN})"),
    bad("nan", R"({"msgid":21,"x":nan})"),
    bad("Infinity", R"({"msgid":21,"x":Infinity})"),
    bad("minus Infinity", R"({"msgid":21,"x":-Infinity})"),
    bad("a minus sign alone", R"({"msgid":21,"x":-})"),
    bad("an exponent without digits", R"({"msgid":21,"x":1e})"),
    bad("a number beyond any double", R"({"msgid":21,"x":1e999})"),
    bad("msgid twice", R"({"msgid":21,"msgid":21})"),
    bad("a key twice", R"({"msgid":21,"a":1,"b":2,"a":3})"),
    bad("a key twice in an inner object", R"({"msgid":21,"x":{"a":1,"a":1}})"),
    bad("a key twice in an object in an array", R"({"msgid":21,"x":[{"a":1,"a":1}]})"),
    bad("a key twice, once escaped", R"({"msgid":21,"\u006dsgid":21})"),
    bad("a byte order mark", "\xEF\xBB\xBF{\"msgid\":21}"),
    row("the same key in two objects", kFresh, R"({"msgid":21,"x":{"a":1},"y":{"a":1}})", ok(121)),
    row("eight levels", kFresh, R"({"msgid":21,"x":)" + repeated("[", 7) + repeated("]", 7) + "}",
        ok(121)),
    deep("nine levels", R"({"msgid":21,"x":)" + repeated("[", 8) + repeated("]", 8) + "}"),
    deep("nine levels of objects",
         R"({"msgid":21,"x":)" + repeated("{\"a\":", 8) + "1" + repeated("}", 8) + "}"),
    deep("1500 levels", R"({"msgid":21,"x":)" + repeated("[", 1500) + repeated("]", 1500) + "}"),
    deep("2000 levels that are never closed", R"({"msgid":21,"x":)" + repeated("[", 2000)),
    row("4000 bytes of small arrays", kFresh,
        R"({"msgid":21,"x":[)" + repeated("[],", 1300) + "[]]}", ok(121)),
    no_msgid("an empty object", "{}"),
    no_msgid("no msgid", R"({"cid":"x"})"),
    no_msgid("msgid as text", R"({"msgid":"21"})"),
    no_msgid("msgid as a fraction", R"({"msgid":21.0})"),
    no_msgid("msgid with an exponent", R"({"msgid":2.1e1})"),
    no_msgid("msgid true", R"({"msgid":true})"),
    no_msgid("msgid null", R"({"msgid":null})"),
    no_msgid("msgid in an array", R"({"msgid":[21]})"),
    no_msgid("msgid in an object", R"({"msgid":{}})"),
    no_msgid("MSGID in capitals", R"({"MSGID":21})"),
    unknown("msgid 0", R"({"msgid":0})"),
    unknown("msgid below 0", R"({"msgid":-1})"),
    unknown("msgid of an ack", R"({"msgid":2,"errno":0})"),
    unknown("msgid of another ack", R"({"msgid":106,"errno":0})"),
    unknown("msgid of ERROR", R"({"msgid":100,"errno":1})"),
    unknown("msgid of a push", R"({"msgid":204,"reason":"x"})"),
    unknown("msgid that is reserved", R"({"msgid":49})"),
    unknown("msgid of 2 to the 31st", R"({"msgid":2147483648})"),
    unknown("msgid that is PING in 32 bits", R"({"msgid":4294967317})"),
    unknown("msgid of the greatest integer", R"({"msgid":9223372036854775807})"),
};

}  // namespace

std::span<const Row> json_rows() {
  return kJsonRows;
}

}  // namespace chat::test::bank
