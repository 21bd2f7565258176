// Invalid names, and unusual but valid ones. A name has 1 to 50 code points without control
// characters and without spaces at its ends; everything else is allowed.
#include "row.h"

namespace chat::test::bank {
namespace {

std::string registration(const std::string& name) {
  return R"({"msgid":4,"name":")" + name + R"(","password":"secret-1"})";
}
Row no_name(std::string what, const std::string& name) {
  return row("name " + std::move(what), State::kFresh, registration(name),
             refused(5, errors::kFailed));
}
Row name(std::string what, const std::string& name) {
  return row("name " + std::move(what), State::kFresh, registration(name), kept(5));
}
Row no_group(std::string what, const std::string& name) {
  return row("group name " + std::move(what), State::kLoggedIn,
             R"({"msgid":8,"groupname":")" + name + R"(","groupdesc":""})",
             bad_field(108, "groupname"));
}
Row group(std::string what, const std::string& name, const std::string& desc = "") {
  return row("group name " + std::move(what), State::kLoggedIn,
             R"({"msgid":8,"groupname":")" + name + R"(","groupdesc":")" + desc + "\"}", kept(108));
}
Row no_desc(std::string what, const std::string& desc) {
  return row("groupdesc " + std::move(what), State::kLoggedIn,
             R"({"msgid":8,"groupname":"described $w","groupdesc":")" + desc + "\"}",
             bad_field(108, "groupdesc"));
}
Row no_profile(const std::string& what, const char* field, const std::string& value) {
  return row(std::string(field) + " " + what, State::kLoggedIn,
             R"({"msgid":36,")" + std::string(field) + R"(":")" + value + "\"}",
             bad_field(136, field));
}
Row no_query(std::string what, const std::string& query) {
  return row("query " + std::move(what), State::kLoggedIn,
             R"({"msgid":37,"kind":"users","query":")" + query + "\"}", bad_field(137, "query"));
}
Row query(std::string what, const std::string& query) {
  return row("query " + std::move(what), State::kLoggedIn,
             R"({"msgid":37,"kind":"groups","query":")" + query + "\"}", ok(137));
}
Row no_password(std::string what, const std::string& password) {
  return row("password " + std::move(what), State::kFresh,
             R"({"msgid":4,"name":"no password $w","password":")" + password + "\"}",
             refused(5, errors::kFailed));
}

Row password(const std::string& what, const std::string& password) {
  return row("password " + what, State::kFresh,
             R"({"msgid":4,"name":")" + what + R"( $w","password":")" + password + "\"}", kept(5));
}

const std::vector<Row> kNameRows = {
    no_name("empty", ""),
    no_name("of 51 letters", repeated("x", 51)),
    no_name("of 51 faces", repeated("😀", 51)),
    no_name("of 3000 letters", repeated("x", 3000)),
    no_name("of a space", " "),
    no_name("with a space before it", " admin"),
    no_name("with a space behind it", "admin "),
    no_name("with a no-break space behind it", "admin\u00A0"),
    no_name("with an ideographic space before it", "\u3000admin"),
    no_name("with a line end", R"(adm\nin)"),
    no_name("with a carriage return", R"(admin\r)"),
    no_name("with a tab", R"(adm\tin)"),
    no_name("with NUL", R"(admin\u0000x)"),
    no_name("with ESC", R"(\u001b[31madmin)"),
    no_name("with DEL", R"(admin\u007f)"),
    no_name("with C1's CSI", R"(\u009b31madmin)"),
    no_name("with a right-to-left override", R"(adm\u202enimda)"),
    no_name("with an isolate", R"(adm\u2066in)"),
    no_name("with a right-to-left mark", R"(adm\u200fin)"),
    no_name("with an Arabic letter mark", R"(adm\u061cin)"),
    no_name("with a line separator", R"(adm\u2028in)"),
    no_name("that is taken", "$name"),
    name("of Cyrillic letters like Latin ones", "аdmіn $w"),
    name("of wide letters", "ａｄｍｉｎ $w"),
    no_name("with a zero-width space inside", "adm\u200Bin"),
    no_name("with a soft hyphen inside", "adm\u00ADin"),
    no_name("of a Hangul filler", "\u3164"),
    no_name("of a combining mark", "\u0301"),
    no_name("of a braille blank", "\u2800"),
    no_name("with a tag character", "admin\U000E0041"),
    no_name("with a private character", "admin\uE000"),
    no_name("with a variation selector", "admin\uFE0F"),
    name("that is SQL", "'; DROP TABLE user; -- $w"),
    name("that closes a double quote", R"(\" OR \"\"=\" $w)"),
    name("that is a condition", "x' OR '1'='1 $w"),
    name("with a backslash before a quote", R"(\\' $w)"),
    name("of LIKE's wildcards", "%_% $w"),
    name("that is a format string", "%s%n%x%p $w"),
    name("that is fmt's format string", "{} {0} {:d} $w"),
    name("that is 0", "0$w"),
    name("that is NULL", "NULL $w"),
    name("that is JSON", R"({\"id\":1} $w)"),
    name("of 50 faces", "$w" + repeated("😀", 49)),
    name("of a path", "../../etc/passwd $w"),
    no_group("empty", ""),
    no_group("of 51 letters", repeated("ä", 51)),
    no_group("with a space behind it", "club "),
    no_group("with ESC", R"(\u001b]0;x\u0007club)"),
    no_group("with a bidi override", R"(club\u202d)"),
    group("that is SQL", "'); DELETE FROM allgroup; -- $w", "' OR 1=1; --"),
    group("that is a format string", "%n%n%n $w", "{:>1000000}"),
    group("of 50 faces", "$w" + repeated("😀", 49), repeated("😀", 50)),
    no_desc("of 51 faces", repeated("😀", 51)),
    no_desc("with ESC", R"(\u001b[2J)"),
    no_profile("of 51 letters", "nick", repeated("x", 51)),
    no_profile("with a space behind it", "nick", "bob "),
    no_profile("that is not composed", "nick", "e\u0301"),
    no_profile("with ESC", "nick", R"(\u001b[31mbob)"),
    no_profile("of 201 faces", "bio", repeated("😀", 201)),
    no_profile("with ESC", "bio", R"(\u001b[2J)"),
    no_profile("of 201 letters", "avatar", repeated("x", 201)),
    no_profile("with a line end", "avatar", R"(a\nb)"),
    no_profile("unknown", "who_may_add", "friends"),
    no_profile("in capitals", "who_may_add", "Nobody"),
    no_profile("empty", "who_may_add", ""),
    no_profile("unknown", "who_may_chat", "nobody"),
    no_query("empty", ""),
    no_query("of a space", " "),
    no_query("of 51 letters", repeated("x", 51)),
    no_query("with ESC", R"(\u001b)"),
    query("that is SQL", "' OR '1'='1"),
    query("of LIKE's wildcards", "%_%"),
    query("of 50 faces", repeated("😀", 50)),
    no_password("empty", ""),
    no_password("of 5 bytes", "12345"),
    no_password("of 129 bytes", repeated("x", 129)),
    no_password("of 65 letters that are 130 bytes", repeated("é", 65)),
    password("of 6 bytes", "123456"),
    password("of 128 bytes", repeated("é", 64)),
    password("that is SQL", "' OR ''='"),
    row("login by a name that is SQL", State::kFresh,
        R"({"msgid":1,"name":"' OR 1=1 -- ","password":"x"})", refused(2, errors::kFailed)),
    row("login by the name 0", State::kFresh, R"({"msgid":1,"name":"0","password":"x"})",
        refused(2, errors::kFailed)),
    row("login by a name with a space behind it", State::kFresh,
        R"({"msgid":1,"name":"$name ","password":"$password"})", refused(2, errors::kFailed)),
    row("password with a NUL behind it", State::kFresh,
        R"({"msgid":1,"id":$me,"password":"$password\u0000"})", refused(2, errors::kFailed)),
    row("token that is SQL", State::kFresh, R"({"msgid":1,"token":"' OR 1=1 -- "})",
        refused(2, errors::kInvalidToken)),
    row("token that is empty", State::kFresh, R"({"msgid":1,"token":""})",
        refused(2, errors::kInvalidToken)),
};

}  // namespace

std::span<const Row> name_rows() {
  return kNameRows;
}

}  // namespace chat::test::bank
