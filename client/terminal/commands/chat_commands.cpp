// The commands to write and read messages, and those of the program itself.
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "client/terminal/commands/command_row.h"

namespace chat::client {
namespace {

tl::expected<command::Recipient, std::string> to_recipient(const TypedName& name, bool is_group) {
  command::Recipient out{is_group};
  if (is_group) {
    auto group = to_group(name);
    if (!group) return tl::make_unexpected(group.error());
    out.group = std::move(*group);
  } else {
    auto user = to_user(name);
    if (!user) return tl::make_unexpected(user.error());
    out.user = std::move(*user);
  }
  return out;
}

Parsed to_chat(const TypedName& name, std::string_view text, bool is_group) {
  auto to = to_recipient(name, is_group);
  const char* const usage = is_group ? "/group NAME TEXT" : "/chat NAME TEXT";
  if (!to) return wrong(std::string(usage) + ": " + to.error());
  if (text.empty()) return wrong(std::string(usage) + ": the text is missing");
  return command::Chat{std::move(*to), std::string(text)};
}

// The text keeps its spaces.
template <bool IsGroup>
Parsed parse_chat(std::string_view rest) {
  const TypedName name = take_name(rest);
  return to_chat(name, rest, IsGroup);
}

template <bool IsGroup>
Parsed parse_original_chat(std::string_view rest) {
  std::string_view part = trim(take_until(rest, ':'));
  return to_chat(take_name(part), rest, IsGroup);
}

Parsed parse_to(std::string_view rest) {
  if (trim(rest).empty()) return command::To{};
  if (trim(rest) == "-") return command::To{{}, true};
  auto to = take_either(rest);
  if (!to) return wrong("/to NAME, /to group NAME, or /to - for none: " + to.error());
  if (!trim(rest).empty()) {
    return wrong("/to takes one name; a name with spaces goes in quotation marks");
  }
  return command::To{std::move(*to)};
}

// The server returns at most 100 messages at once.
Parsed parse_history(std::string_view rest) {
  constexpr const char* kUsage = "/history [NAME [N]], or /history group NAME [N]; N from 1 to 100";
  constexpr int kMost = 100;
  if (trim(rest).empty()) return command::History{};
  auto of = take_either(rest);
  if (!of) return wrong(kUsage);
  command::History out{std::move(*of)};
  const std::string_view number = trim(rest);
  if (number.empty()) return out;
  const auto limit = parse_number(number);
  if (!limit || *limit > kMost) return wrong(kUsage);
  out.limit = *limit;
  return out;
}

Parsed parse_wait(std::string_view rest) {
  const auto duration = parse_seconds(trim(rest));
  if (!duration) return wrong("/wait SECONDS");
  return command::Wait{*duration};
}

Parsed parse_wait_messages(std::string_view rest) {
  const std::string_view number = take_word(rest);
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
  rest = trim(rest);
  const auto timeout = parse_seconds(rest.empty() ? "10" : rest);
  const bool whole = error == std::errc() && end == number.data() + number.size();
  if (!whole || !timeout) return wrong("/wait-messages N [SECONDS]");
  return command::WaitMessages{count, *timeout};
}

Parsed parse_help(std::string_view rest) {
  return command::Help{std::string(trim(rest))};
}

constexpr CommandRow kChatRows[] = {
    {.word = "/chat",
     .help =
         "  /chat NAME TEXT                   write to a user                     (chat:ID:TEXT)\n",
     .parse = parse_chat<false>,
     .original = "chat",
     .parse_original = parse_original_chat<false>,
     .takes = {Takes::kUser}},
    {.word = "/group",
     .help = "  /group GROUP TEXT                 write to a group                    "
             "(groupchat:ID:TEXT)\n",
     .parse = parse_chat<true>,
     .original = "groupchat",
     .parse_original = parse_original_chat<true>,
     .takes = {Takes::kGroup}},
    {.word = "/to",
     .help = "  /to NAME                          plain lines now go to this user or group; /to\n"
             "                                    alone shows to whom, /to - ends that\n",
     .parse = parse_to,
     .takes = {Takes::kEither}},
    {.word = "/history",
     .help =
         "  /history [NAME [N]]               the last N messages (20) with a user or of a group,\n"
         "                                    or of the current conversation\n"
         "  /history group GROUP [N]          of a group whose name a user has, too\n",
     .parse = parse_history,
     .takes = {Takes::kEither}},
    {.word = "/more",
     .help = "  /more                             older messages, or more of what was found\n",
     .parse = parse_bare<command::More>},
    {.word = "/wait",
     .help = "  /wait SECONDS                     keep receiving for that long\n",
     .parse = parse_wait},
    {.word = "/wait-messages",
     .help = "  /wait-messages N [SECONDS]        wait until N more messages have arrived (10 s)\n",
     .parse = parse_wait_messages},
    {.word = "/help",
     .help = "  /help [COMMAND|TOPIC|all]         this list                           (help)\n",
     .parse = parse_help,
     .original = "help",
     .takes = {Takes::kWord},
     .words = "all account people groups conversations messages"},
    {.word = "/quit",
     .help = "  /quit                             leave, also at the end of the input (quit)\n",
     .parse = parse_bare<command::Quit>,
     .original = "quit"},
};

}  // namespace

tl::expected<command::Recipient, std::string> take_either(std::string_view& rest) {
  TypedName name = take_name(rest);
  const bool is_group = name.text == "group" && !name.quoted;
  if (is_group) name = take_name(rest);
  auto out = to_recipient(name, is_group);
  if (!out || is_group || out->user.id) return out;
  out->is_either = true;
  out->group.name = out->user.name;
  return out;
}

std::span<const CommandRow> chat_rows() {
  return kChatRows;
}

}  // namespace chat::client
