// Well-formed requests at the wrong time, twice, with a foreign id, or by the thousand.
#include "row.h"

namespace chat::test::bank {
namespace {

constexpr const char* kLoginFrame =
    R"({"msgid":1,"id":$me,"password":"$password","takeover":true})";
constexpr const char* kLogout = R"({"msgid":3,"id":$me})";
constexpr const char* kChat = R"({"msgid":6,"toid":$other,"msg":"x"})";

Row early(std::string what, State state, const std::string& frame, int msgid) {
  return row(std::move(what) + (state == State::kFresh ? " before login" : " after logout"), state,
             frame, refused(msgid, errors::kNotLoggedIn));
}
Row not_allowed(std::string what, const std::string& fields, int msgid) {
  return row(std::move(what) + " in another's name", State::kLoggedIn,
             R"({"id":$other,)" + fields + "}", refused(msgid, errors::kNotAllowed));
}
Row not_found(std::string what, const std::string& fields, int msgid) {
  return row(std::move(what), State::kLoggedIn, "{" + fields + "}",
             refused(msgid, errors::kNotFound));
}
Row many(std::string what, State state, std::vector<std::string> frames,
         std::vector<Answer> answers, int times = 1) {
  return {std::move(what), state, std::move(frames), std::move(answers), times};
}
std::string chat_with_cid(const std::string& cid, const std::string& text) {
  return R"({"msgid":6,"toid":$other,"msg":")" + text + R"(","cid":")" + cid + "\"}";
}

const std::vector<Row> kOrderRows = {
    early("chat", State::kFresh, kChat, 106),
    early("chat without fields", State::kFresh, R"({"msgid":6})", 106),
    early("group chat", State::kFresh, R"({"msgid":10,"groupid":$group,"msg":"x"})", 110),
    early("adding a friend", State::kFresh, R"({"msgid":7,"friendid":$other})", 107),
    early("making a group", State::kFresh, R"({"msgid":8,"groupname":"early"})", 108),
    early("joining a group", State::kFresh, R"({"msgid":9,"groupid":$group})", 109),
    early("logout", State::kFresh, kLogout, 103),
    early("DELIVERED", State::kFresh, R"({"msgid":22,"from":$other,"seq":1})", 122),
    early("SYNC", State::kFresh, R"({"msgid":24})", 124),
    early("HISTORY", State::kFresh, R"({"msgid":25,"with":$other})", 125),
    early("GROUP_INFO", State::kFresh, R"({"msgid":30,"groupid":$group})", 130),
    early("LIST", State::kFresh, R"({"msgid":31,"kind":"friends"})", 131),
    early("USER_INFO", State::kFresh, R"({"msgid":35,"userid":$other})", 135),
    early("SET_PROFILE", State::kFresh, R"({"msgid":36,"nick":"x"})", 136),
    early("FIND", State::kFresh, R"({"msgid":37,"kind":"users","query":"x"})", 137),
    early("chat", State::kAfterLogout, kChat, 106),
    early("logout", State::kAfterLogout, kLogout, 103),
    early("HISTORY", State::kAfterLogout, R"({"msgid":25,"with":$other})", 125),
    row("the token after logout", State::kAfterLogout, R"({"msgid":1,"token":"$token"})",
        refused(2, errors::kInvalidToken)),
    row("half a token", State::kLoggedIn, R"({"msgid":1,"token":"x"})",
        refused(2, errors::kAlreadyLoggedIn)),
    row("login while logged in", State::kLoggedIn, kLoginFrame,
        refused(2, errors::kAlreadyLoggedIn)),
    row("login as another while logged in", State::kLoggedIn,
        R"({"msgid":1,"id":$other,"password":"x","takeover":true})",
        refused(2, errors::kAlreadyLoggedIn)),
    row("login to who is online elsewhere, with a wrong password", State::kFresh,
        R"({"msgid":1,"id":$other,"password":"wrong!","takeover":true})",
        refused(2, errors::kFailed)),
    row("registering while logged in", State::kLoggedIn,
        R"({"msgid":4,"name":"second $w","password":"secret-1"})", ok(5)),
    row("the number of a classic logout", State::kLoggedIn, R"({"msgid":11,"id":$me})",
        refused(100, errors::kUnknownMsgid)),
    many("the same login frame twice", State::kFresh, {kLoginFrame, kLoginFrame},
         {ok(2), refused(2, errors::kAlreadyLoggedIn)}),
    many("logout twice", State::kLoggedIn, {kLogout, kLogout},
         {ok(103), refused(103, errors::kNotLoggedIn)}),
    many("logout and chat", State::kLoggedIn, {kLogout, kChat},
         {ok(103), refused(106, errors::kNotLoggedIn)}),
    many("login, logout and the token", State::kLoggedIn,
         {kLogout, R"({"msgid":1,"token":"$token"})"},
         {ok(103), refused(2, errors::kInvalidToken)}),
    many("the same message three times", State::kLoggedIn,
         {chat_with_cid("again-$w", "x"), chat_with_cid("again-$w", "x"),
          chat_with_cid("again-$w", "x")},
         {ok(106), ok(106), ok(106)}),
    many("the same cid with another text", State::kLoggedIn,
         {chat_with_cid("once-$w", "x"), chat_with_cid("once-$w", "y")},
         {ok(106), refused(106, errors::kConflict)}),
    many("the same cid with another text in a group", State::kLoggedIn,
         {R"({"msgid":10,"groupid":$group,"msg":"x","cid":"g-$w"})",
          R"({"msgid":10,"groupid":$group,"msg":"y","cid":"g-$w"})"},
         {ok(110), refused(110, errors::kConflict)}),
    not_allowed("chat", R"("msgid":6,"toid":$other,"msg":"x")", 106),
    not_allowed("chat to nobody", R"("msgid":6,"toid":$nobody,"msg":"x")", 106),
    not_allowed("group chat", R"("msgid":10,"groupid":$group,"msg":"x")", 110),
    not_allowed("adding a friend", R"("msgid":7,"friendid":$me)", 107),
    not_allowed("making a group", R"("msgid":8,"groupname":"theirs $w")", 108),
    not_allowed("joining a group", R"("msgid":9,"groupid":$group)", 109),
    not_allowed("logout", R"("msgid":3)", 103),
    not_allowed("HISTORY", R"("msgid":25,"with":$me)", 125),
    not_allowed("USER_INFO", R"("msgid":35,"userid":$other)", 135),
    not_allowed("SET_PROFILE", R"("msgid":36,"nick":"theirs")", 136),
    not_allowed("FIND", R"("msgid":37,"kind":"users","query":"x")", 137),
    not_found("chat to nobody", R"("msgid":6,"toid":$nobody,"msg":"x")", 106),
    not_found("adding nobody", R"("msgid":7,"friendid":$nobody)", 107),
    not_found("joining no group", R"("msgid":9,"groupid":$nowhere)", 109),
    not_found("chat in a group one is not in", R"("msgid":10,"groupid":$foreign,"msg":"x")", 110),
    not_found("chat in no group", R"("msgid":10,"groupid":$nowhere,"msg":"x")", 110),
    not_found("HISTORY of a group one is not in", R"("msgid":25,"groupid":$foreign)", 125),
    not_found("GROUP_INFO of a group one is not in", R"("msgid":30,"groupid":$foreign)", 130),
    not_found("SYNC of a group one is not in", R"("msgid":24,"groupid":$foreign)", 124),
    not_found("USER_INFO of nobody", R"("msgid":35,"userid":$nobody)", 135),
    not_found("USER_INFO of a name nobody has", R"("msgid":35,"name":"' OR 1=1 --")", 135),
    row("joining twice", State::kLoggedIn, R"({"msgid":9,"groupid":$group})",
        refused(109, errors::kExists)),
    row("the name of another's group", State::kLoggedIn, R"({"msgid":8,"groupname":"FOREIGN"})",
        refused(108, errors::kExists)),
    row("DELIVERED beyond the last push", State::kWithAck,
        R"({"msgid":22,"from":$other,"seq":1099511627776})", bad_field(122, "seq")),
    row("DELIVERED of nobody's stream", State::kWithAck, R"({"msgid":22,"from":$nobody,"seq":1})",
        bad_field(122, "seq")),
    row("DELIVERED of two streams", State::kWithAck,
        R"({"msgid":22,"from":$other,"groupid":$group,"seq":0})", bad_field(122, "from")),
    row("READ beyond the last push", State::kWithAck,
        R"({"msgid":23,"groupid":$group,"seq":1099511627776})", bad_field(123, "seq")),
    many("10 000 pings in one write", State::kFresh, {R"({"msgid":21})"}, {ok(121)}, 10'000),
    many("10 000 frames that are no JSON", State::kFresh, {"{x}"}, {refused(100, errors::kBadJson)},
         10'000),
    many("1000 logins in one write", State::kFresh, {R"({"msgid":1,"id":$me,"password":"wrong!"})"},
         {refused(2, errors::kFailed)}, 1000),
    many("200 logins and logouts in one write", State::kFresh, {kLoginFrame, kLogout},
         {ok(2), ok(103)}, 200),
    many("1000 messages to nobody in one write", State::kLoggedIn,
         {R"({"msgid":6,"toid":$nobody,"msg":"x"})"}, {refused(106, errors::kNotFound)}, 1000),
    many("1000 registrations of no name in one write", State::kFresh,
         {R"({"msgid":4,"name":"","password":"secret-1"})"}, {refused(5, errors::kFailed)}, 1000),
    many("500 SYNCs in one write", State::kLoggedIn, {R"({"msgid":24})"}, {ok(124)}, 500),
};

}  // namespace

std::span<const Row> order_rows() {
  return kOrderRows;
}

}  // namespace chat::test::bank
