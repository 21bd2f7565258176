// Texts with a meaning for databases, printf or terminals, which must arrive unchanged; and invalid
// texts and cids.
#include "row.h"

namespace chat::test::bank {
namespace {

Row told(const std::string& what, const std::string& text) {
  return row("text " + what, State::kLoggedIn, R"({"msgid":6,"toid":$other,"msg":")" + text + "\"}",
             kept(106));
}
Row told_group(const std::string& what, const std::string& text) {
  return row("group text " + what, State::kLoggedIn,
             R"({"msgid":10,"groupid":$group,"msg":")" + text + "\"}", kept(110));
}
Row refused_text(const std::string& what, const std::string& value) {
  return row("text " + what, State::kLoggedIn, R"({"msgid":6,"toid":$other,"msg":)" + value + "}",
             bad_field(106, "msg"));
}
Row refused_cid(const std::string& what, const std::string& value) {
  return row("cid " + what, State::kLoggedIn,
             R"({"msgid":6,"toid":$other,"msg":"x","cid":)" + value + "}", bad_field(106, "cid"));
}

const std::vector<Row> kTextRows = {
    told("that ends a statement", "'; DROP TABLE directmessage; --"),
    told("with a backslash before a quote", R"(\\'; SELECT 1; --)"),
    told("that ends in a backslash", R"(x\\)"),
    told("of all quotes", R"('\"`´‘’“”)"),
    told("that is MySQL's comment", "/*!50000 DROP TABLE user */"),
    told("with placeholders", "? ?1 :name @name $1 ${jndi:ldap://127.0.0.1/x}"),
    told("of printf", "%s%s%s%n%1000000d%x"),
    told("of fmt", "{} {0} {1:{2}} {:>99999999}"),
    told("that is a script", "<script>alert(1)</script>"),
    told("that is a shell's", "$(reboot) `reboot` ; | &&"),
    told("that looks like a line of the log", R"(x\nts=1 level=error event=forged)"),
    told("with two frames inside", R"({\"msgid\":3}\n{\"msgid\":3}\u0000{\"msgid\":3})"),
    told("that clears the screen", R"(\u001b[2J\u001b[H)"),
    told("that sets the title", R"(\u001b]0;owned\u0007)"),
    told("that sets the clipboard", R"(\u001b]52;c;eA==\u001b\\)"),
    told("with C1's CSI", R"(\u009b2J)"),
    told("with C1's OSC", R"(\u009d0;owned\u009c)"),
    told("with DCS", R"(\u001bP1$r\u001b\\)"),
    told("that goes back over its line", R"(innocent\r\u0008\u0008evil)"),
    told("with a bidi override", R"(abc\u202efed\u202c)"),
    told("with isolates", R"(\u2067abc\u2069)"),
    told("of bells", repeated(R"(\u0007)", 500)),
    told_group("that ends a statement", "'); DELETE FROM groupmessage; --"),
    told_group("of printf", "%n%n%s"),
    told_group("that clears the screen", R"(\u001bc\u001b[3J)"),
    refused_text("empty", R"("")"),
    refused_text("a number", "1"),
    refused_text("true", "true"),
    refused_text("null", "null"),
    refused_text("an array", R"(["x"])"),
    refused_text("of 4001 letters", "\"" + repeated("x", 4001) + "\""),
    refused_text("of 4001 faces", "\"" + repeated("😀", 4001) + "\""),
    row("cid of 36 letters", State::kLoggedIn,
        R"({"msgid":6,"toid":$other,"msg":"x","cid":"$w)" + repeated("~", 35) + "\"}", ok(106)),
    refused_cid("empty", R"("")"),
    refused_cid("of 37 letters", "\"" + repeated("x", 37) + "\""),
    refused_cid("with a line end", R"("a\nb")"),
    refused_cid("with ESC", R"("a\u001bb")"),
    refused_cid("with a letter that is not ASCII", R"("ä")"),
    refused_cid("a number", "7"),
    refused_cid("null", "null"),
};

}  // namespace

std::span<const Row> text_rows() {
  return kTextRows;
}

}  // namespace chat::test::bank
