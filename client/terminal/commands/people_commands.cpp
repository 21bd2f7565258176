// The commands about other users, and about one's own profile.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "client/terminal/commands/command_row.h"

namespace chat::client {
namespace {

using command::UserAct;

Parsed parse_find(std::string_view rest) {
  std::string query = whole_name(rest);
  if (query.empty()) return wrong("/find TEXT: the beginning of a name or nickname, or an ID");
  return command::Find{false, std::move(query)};
}

template <UserAct Act>
Parsed parse_on_user(std::string_view rest) {
  auto user = to_user(take_name(rest));
  if (!user) return wrong("this command takes the name or the ID of a user: " + user.error());
  if (!trim(rest).empty()) {
    return wrong("this command takes one name; a name with spaces goes in quotation marks");
  }
  return command::OnUser{Act, std::move(*user)};
}

Parsed parse_add(std::string_view rest) {
  auto user = to_user(take_name(rest));
  if (!user) return wrong("/add NAME [TEXT]: " + user.error());
  return command::OnUser{UserAct::kAdd, std::move(*user), std::string(trim(rest))};
}

Parsed parse_original_add(std::string_view rest) {
  rest = trim(rest);
  auto user = to_user({rest, false});
  if (!user) return wrong("addfriend:ID: " + user.error());
  return command::OnUser{UserAct::kAdd, std::move(*user)};
}

Parsed parse_profile(std::string_view rest) {
  constexpr const char* kUsage =
      "/profile [nick TEXT | bio TEXT | who-may-add anyone|approval|nobody | who-may-chat "
      "anyone|friends]; \"\" for no text";
  constexpr std::array<std::string_view, 4> kFields{"nick", "bio", "who-may-add", "who-may-chat"};
  const std::string field(take_word(rest));
  if (field.empty()) return command::EditProfile{};
  const std::string_view value = trim(rest);
  if (value.empty() || std::find(kFields.begin(), kFields.end(), field) == kFields.end()) {
    return wrong(kUsage);
  }
  const bool friends = field == "who-may-chat" && value == "friends";
  const bool narrow = field == "who-may-add" && (value == "approval" || value == "nobody");
  if (field.starts_with("who-") && value != "anyone" && !friends && !narrow) return wrong(kUsage);
  return command::EditProfile{field, whole_text(value)};
}

constexpr CommandRow kPeopleRows[] = {
    {.word = "/friends",
     .help = "  /friends                          friends and whether they are online\n",
     .parse = parse_bare<command::Friends>},
    {.word = "/find",
     .help = "  /find TEXT                        users whose name or nickname begins like this\n",
     .parse = parse_find},
    {.word = "/info",
     .help = "  /info NAME                        a user's profile\n",
     .parse = parse_on_user<UserAct::kInfo>,
     .takes = {Takes::kUser}},
    {.word = "/profile",
     .help = "  /profile                          your own profile\n"
             "  /profile nick|bio TEXT            change it\n"
             "  /profile who-may-add anyone|approval|nobody\n"
             "  /profile who-may-chat anyone|friends\n",
     .parse = parse_profile,
     .takes = {Takes::kWord},
     .words = "nick bio who-may-add who-may-chat"},
    {.word = "/add",
     .help = "  /add NAME [TEXT]                  add a friend, or ask to        (addfriend:ID)\n",
     .parse = parse_add,
     .original = "addfriend",
     .parse_original = parse_original_add,
     .takes = {Takes::kUser}},
    {.word = "/requests",
     .help = "  /requests                         what waits for an answer, yours or another's\n",
     .parse = parse_bare<command::Requests>},
    {.word = "/accept",
     .help = "  /accept NAME                      accept a friend request\n",
     .parse = parse_on_user<UserAct::kAccept>,
     .takes = {Takes::kUser}},
    {.word = "/refuse",
     .help = "  /refuse NAME                      refuse it; nobody is told\n",
     .parse = parse_on_user<UserAct::kRefuse>,
     .takes = {Takes::kUser}},
    {.word = "/remove",
     .help = "  /remove NAME                      end a friendship, on both sides\n",
     .parse = parse_on_user<UserAct::kRemove>,
     .takes = {Takes::kUser}},
    {.word = "/block",
     .help = "  /block NAME                       refuse messages and requests from a user\n",
     .parse = parse_on_user<UserAct::kBlock>,
     .takes = {Takes::kUser}},
    {.word = "/unblock",
     .help = "  /unblock NAME                     accept them again\n",
     .parse = parse_on_user<UserAct::kUnblock>,
     .takes = {Takes::kUser}},
    {.word = "/blocked",
     .help = "  /blocked                          whom you have blocked\n",
     .parse = parse_bare<command::Blocked>},
};

}  // namespace

std::span<const CommandRow> people_rows() {
  return kPeopleRows;
}

}  // namespace chat::client
