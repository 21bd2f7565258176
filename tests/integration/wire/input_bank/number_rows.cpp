// Numbers that are invalid, too large, or equal to another user's id in 32 bits.
#include "row.h"

namespace chat::test::bank {
namespace {

// As the target of a message.
Row target(std::string name, std::string value) {
  return row("toid " + std::move(name), State::kLoggedIn,
             R"({"msgid":6,"toid":)" + std::move(value) + R"(,"msg":"x"})", bad_field(106, "toid"));
}
Row of_type(std::string name, State state, std::string fields, int msgid, std::string_view field) {
  return row(std::move(name), state, "{" + std::move(fields) + "}", bad_field(msgid, field));
}

const std::vector<Row> kNumberRows = {
    target("0", "0"),
    target("minus 0", "-0"),
    target("minus 1", "-1"),
    target("1.0", "1.0"),
    target("1.5", "1.5"),
    target("with an exponent", "1e0"),
    target("beyond any double's integers", "1e300"),
    target("as text", R"("$other")"),
    target("as an empty text", R"("")"),
    target("true", "true"),
    target("null", "null"),
    target("an array", "[$other]"),
    target("an object", R"({"id":$other})"),
    target("of 2 to the 31st", "2147483648"),
    target("that is user 1 in 32 bits", "4294967297"),
    target("below the least of 32 bits", "-2147483649"),
    target("of the greatest of 64 bits", "9223372036854775807"),
    target("beyond 64 bits", "18446744073709551617"),
    target("of 300 digits", repeated("9", 300)),
    row("toid of nobody", State::kLoggedIn, R"({"msgid":6,"toid":2147483647,"msg":"x"})",
        refused(106, errors::kNotFound)),
    of_type("toid missing", State::kLoggedIn, R"("msgid":6,"msg":"x")", 106, "toid"),
    of_type("own id as text", State::kLoggedIn, R"("msgid":6,"id":"$me","toid":$other,"msg":"x")",
            106, "id"),
    of_type("friendid in 32 bits", State::kLoggedIn, R"("msgid":7,"friendid":4294967297)", 107,
            "friendid"),
    of_type("friendid oneself", State::kLoggedIn, R"("msgid":7,"friendid":$me)", 107, "friendid"),
    of_type("groupid a fraction", State::kLoggedIn, R"("msgid":9,"groupid":1.0)", 109, "groupid"),
    of_type("groupid below 0", State::kLoggedIn, R"("msgid":10,"groupid":-1,"msg":"x")", 110,
            "groupid"),
    of_type("id at logout 0", State::kLoggedIn, R"("msgid":3,"id":0)", 103, "id"),
    of_type("id at login in 32 bits", State::kFresh,
            R"("msgid":1,"id":4294967297,"password":"$password")", 2, "id"),
    of_type("id at login true", State::kFresh, R"("msgid":1,"id":true,"password":"$password")", 2,
            "id"),
    of_type("password a number", State::kFresh, R"("msgid":1,"id":$me,"password":1)", 2,
            "password"),
    of_type("password missing", State::kFresh, R"("msgid":1,"id":$me)", 2, "password"),
    of_type("nothing at login", State::kFresh, R"("msgid":1)", 2, "id or name"),
    of_type("takeover a number", State::kFresh,
            R"("msgid":1,"id":$me,"password":"$password","takeover":1)", 2, "takeover"),
    of_type("token an array", State::kFresh, R"("msgid":1,"token":["x"])", 2, "token"),
    of_type("name at registering a number", State::kFresh,
            R"("msgid":4,"name":7,"password":"secret-1")", 5, "name"),
    of_type("password at registering null", State::kFresh,
            R"("msgid":4,"name":"x","password":null)", 5, "password"),
    of_type("seq a fraction", State::kWithAck, R"("msgid":22,"from":$other,"seq":1.5)", 122, "seq"),
    of_type("seq below 0", State::kWithAck, R"("msgid":22,"from":$other,"seq":-1)", 122, "seq"),
    of_type("after a text", State::kLoggedIn, R"("msgid":24,"from":$other,"after":"0")", 124,
            "after"),
    of_type("limit 0", State::kLoggedIn, R"("msgid":25,"with":$other,"limit":0)", 125, "limit"),
    of_type("limit of 2 to the 32nd and 1", State::kLoggedIn,
            R"("msgid":25,"with":$other,"limit":4294967297)", 125, "limit"),
    of_type("cursor of another's making", State::kLoggedIn,
            R"("msgid":25,"with":$other,"cursor":"7fffffffffffffff")", 125, "cursor"),
    of_type("kind unknown", State::kLoggedIn, R"("msgid":31,"kind":"enemies")", 131, "kind"),
    of_type("userid in 32 bits", State::kLoggedIn, R"("msgid":35,"userid":4294967297)", 135,
            "userid"),
    of_type("userid and name", State::kLoggedIn, R"("msgid":35,"userid":$other,"name":"x")", 135,
            "userid"),
    of_type("neither userid nor name", State::kLoggedIn, R"("msgid":35)", 135, "userid"),
    of_type("nick a number", State::kLoggedIn, R"("msgid":36,"nick":7)", 136, "nick"),
    of_type("nothing of a profile", State::kLoggedIn, R"("msgid":36)", 136, "nick"),
    of_type("kind of a search unknown", State::kLoggedIn,
            R"("msgid":37,"kind":"enemies","query":"x")", 137, "kind"),
    of_type("cursor of another search", State::kLoggedIn,
            R"("msgid":37,"kind":"users","query":"x","cursor":"7.y")", 137, "cursor"),
    of_type("cursor of a search without an id", State::kLoggedIn,
            R"("msgid":37,"kind":"users","query":"x","cursor":".x")", 137, "cursor"),
    row("client at HELLO a number", State::kFresh, R"({"msgid":20,"client":1})",
        bad_field(120, "client")),
};

}  // namespace

std::span<const Row> number_rows() {
  return kNumberRows;
}

}  // namespace chat::test::bank
