// The commands about the user's own account.
#include <optional>
#include <string>
#include <string_view>

#include "client/terminal/commands/command_row.h"

namespace chat::client {
namespace {

std::optional<std::string> optional_text(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

// Removes "--invite CODE" from the end of `rest`, and returns the code; empty if there is none.
std::string_view take_invite(std::string_view& rest) {
  constexpr std::string_view kInvite = "--invite ";
  const auto at = rest.rfind(kInvite);
  const bool is_word = at == 0 || (at != std::string_view::npos && rest[at - 1] == ' ');
  if (!is_word) return {};
  const std::string_view code = trim(rest.substr(at + kInvite.size()));
  if (code.find(' ') != std::string_view::npos) return {};
  rest = rest.substr(0, at);
  return code;
}

Parsed parse_register(std::string_view rest) {
  const TypedName name = take_name(rest);
  if (name.text.empty()) return wrong("/register NAME [PASSWORD] [--invite CODE]");
  const std::string_view invite = take_invite(rest);
  return command::Register{std::string(name.text), optional_text(trim(rest)), std::string(invite)};
}

Parsed parse_login(std::string_view rest) {
  constexpr std::string_view kTakeover = "--takeover";
  auto account = to_user(take_name(rest));
  if (!account) return wrong("/login NAME|ID [PASSWORD] [--takeover]: " + account.error());
  rest = trim(rest);
  const bool takeover = rest == kTakeover || rest.ends_with(" --takeover");
  if (takeover) rest = trim(rest.substr(0, rest.size() - kTakeover.size()));
  return command::Login{std::move(*account), optional_text(rest), takeover};
}

Parsed parse_revoke(std::string_view rest) {
  rest = trim(rest);
  if (rest.empty()) return wrong("/revoke ID|others: the ID as /sessions shows it");
  return command::Revoke{rest == "others" ? std::string() : std::string(rest)};
}

constexpr CommandRow kAccountRows[] = {
    {.word = "/register",
     .help =
         "  /register NAME [PASSWORD] [--invite CODE]   create an account; asks for the password "
         "if it is missing\n",
     .parse = parse_register,
     .secret = true},
    {.word = "/login",
     .help = "  /login NAME [PASSWORD] [--takeover]   log in; --takeover ends a session held "
             "elsewhere\n",
     .parse = parse_login,
     .secret = true},
    {.word = "/logout",
     .help = "  /logout                           log out; /login works again         (loginout)\n",
     .parse = parse_bare<command::Logout>,
     .original = "loginout"},
    {.word = "/password",
     .help = "  /password                         change the password; other sessions end\n",
     .parse = parse_bare<command::Password>,
     .secret = true},
    {.word = "/sessions",
     .help = "  /sessions                         sessions that can log in without a password\n",
     .parse = parse_bare<command::Sessions>},
    {.word = "/revoke",
     .help = "  /revoke ID|others                 end one of them, or all but this one\n",
     .parse = parse_revoke},
    {.word = "/deleteaccount",
     .help = "  /deleteaccount                    delete the account; asks for the password\n",
     .parse = parse_bare<command::DeleteAccount>,
     .secret = true},
};

}  // namespace

std::span<const CommandRow> account_rows() {
  return kAccountRows;
}

}  // namespace chat::client
