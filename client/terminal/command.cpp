#include "client/terminal/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "chat/protocol/limits.h"
#include "chat/protocol/utf8.h"

namespace chat::client {

namespace {

using Parsed = tl::expected<Command, std::string>;

tl::unexpected<std::string> wrong(std::string text) {
  return tl::make_unexpected(std::move(text));
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Removes the text before `separator`, and the separator, from the front.
std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view taken = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return taken;
}

std::string_view take_word(std::string_view& rest) {
  rest = trim(rest);
  return take_until(rest, ' ');
}

// Removes a word, or a quoted text (returned without the marks; there are no escapes).
std::string_view take_name(std::string_view& rest, bool& quoted) {
  rest = trim(rest);
  quoted = rest.size() > 1 && rest.front() == '"' && rest.find('"', 1) != std::string_view::npos;
  if (!quoted) return take_until(rest, ' ');
  rest.remove_prefix(1);
  return take_until(rest, '"');
}

template <typename IdType>
std::optional<IdType> parse_id(std::string_view text) {
  text = trim(text);
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) return std::nullopt;
  return IdType{value};
}

// Seconds with at most three decimals, up to a day.
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) {
  constexpr double kDay = 86400;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || !(seconds >= 0 && seconds <= kDay)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

tl::expected<Account, std::string> to_account(std::string_view text, bool quoted) {
  if (text.empty()) return wrong("a name or an id is missing");
  if (quoted || !is_digits(text)) return Account{{}, std::string(text)};
  const auto id = parse_id<UserId>(text);
  if (!id) return wrong(fmt::format("an ID is a number from 1 to {}", protocol::kIdMax));
  return Account{*id, {}};
}

std::optional<std::string> optional_text(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

Parsed parse_register(std::string_view rest) {
  bool quoted = false;
  const std::string_view name = take_name(rest, quoted);
  if (name.empty()) return wrong("/register NAME [PASSWORD]");
  return command::Register{std::string(name), optional_text(trim(rest))};
}

Parsed parse_login(std::string_view rest) {
  constexpr std::string_view kTakeover = "--takeover";
  bool quoted = false;
  const std::string_view name = take_name(rest, quoted);
  auto account = to_account(name, quoted);
  if (!account) return wrong("/login NAME|ID [PASSWORD] [--takeover]: " + account.error());
  rest = trim(rest);
  const bool takeover = rest == kTakeover || rest.ends_with(" --takeover");
  if (takeover) rest = trim(rest.substr(0, rest.size() - kTakeover.size()));
  return command::Login{std::move(*account), optional_text(rest), takeover};
}

Parsed parse_add(std::string_view rest) {
  const auto id = parse_id<UserId>(rest);
  if (!id) return wrong("/add ID: the number of a user");
  return command::AddFriend{*id};
}

Parsed parse_join(std::string_view rest) {
  const auto id = parse_id<GroupId>(rest);
  if (!id) return wrong("/join ID: the number of a group");
  return command::JoinGroup{*id};
}

Parsed to_create_group(std::string_view name, std::string_view desc) {
  if (name.empty()) return wrong("/creategroup NAME [DESCRIPTION]");
  return command::CreateGroup{std::string(name), std::string(trim(desc))};
}

Parsed parse_create_group(std::string_view rest) {
  bool quoted = false;
  const std::string_view name = take_name(rest, quoted);
  return to_create_group(name, rest);
}

Parsed parse_old_create_group(std::string_view rest) {
  const std::string_view name = take_until(rest, ':');
  return to_create_group(trim(name), rest);
}

Parsed to_chat(const Target& target, std::string_view text, const char* usage) {
  if ((!target.user && !target.group) || text.empty()) return wrong(usage);
  return command::Chat{target, std::string(text)};
}

// The text keeps its spaces; those before the number are ignored.
template <typename IdType>
IdType take_id(std::string_view& rest, char separator) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return parse_id<IdType>(take_until(rest, separator)).value_or(IdType{});
}

template <char Separator>
Parsed parse_chat(std::string_view rest) {
  const auto id = take_id<UserId>(rest, Separator);
  return to_chat({id, {}}, rest, "/chat ID TEXT");
}

template <char Separator>
Parsed parse_group_chat(std::string_view rest) {
  const auto id = take_id<GroupId>(rest, Separator);
  return to_chat({{}, id}, rest, "/group ID TEXT");
}

// The server returns at most 100 messages at once.
Parsed parse_history(std::string_view rest) {
  constexpr const char* kUsage = "/history ID [N], or /history group ID [N]; N from 1 to 100";
  constexpr int kMost = 100;
  command::History out;
  std::string_view word = take_word(rest);
  const bool group = word == "group";
  if (group) word = take_word(rest);
  const auto id = parse_id<UserId>(word);
  if (!id) return wrong(kUsage);
  out.target = group ? Target{{}, GroupId{id->value}} : Target{*id, {}};
  const std::string_view number = trim(rest);
  if (number.empty()) return out;
  const auto limit = parse_id<UserId>(number);
  if (!limit || limit->value > kMost) return wrong(kUsage);
  out.limit = limit->value;
  return out;
}

Parsed parse_revoke(std::string_view rest) {
  rest = trim(rest);
  if (rest.empty()) return wrong("/revoke ID|others: the ID as /sessions shows it");
  return command::Revoke{rest == "others" ? std::string() : std::string(rest)};
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

template <typename T>
Parsed parse_bare(std::string_view rest) {
  if (!trim(rest).empty()) return wrong("this command takes no arguments; /help lists all");
  return T{};
}

// One command: its word, its line of /help, and the parser of its arguments.
struct CommandRow {
  std::string_view word;
  std::string_view help;
  Parsed (*parse)(std::string_view rest);
  // The spelling of the original clients; empty: none.
  std::string_view original = {};
  Parsed (*parse_original)(std::string_view rest) = nullptr;  // nullptr: as `parse`
  bool secret = false;  // the arguments may include a password
};

constexpr CommandRow kCommands[] = {
    {"/register",
     "  /register NAME [PASSWORD]         create an account; asks for the password if it is "
     "missing\n",
     parse_register, "", nullptr, true},
    {"/login",
     "  /login NAME|ID [PASSWORD] [--takeover]   log in; --takeover ends a session held "
     "elsewhere\n",
     parse_login, "", nullptr, true},
    {"/logout",
     "  /logout                           log out; /login works again         (loginout)\n",
     parse_bare<command::Logout>, "loginout"},
    {"/add",
     "  /add ID                           add a friend                        (addfriend:ID)\n",
     parse_add, "addfriend"},
    {"/friends", "  /friends                          friends and whether they are online\n",
     parse_bare<command::Friends>},
    {"/creategroup",
     "  /creategroup NAME [DESCRIPTION]   create a group                      "
     "(creategroup:NAME:DESC)\n",
     parse_create_group, "creategroup", parse_old_create_group},
    {"/join",
     "  /join ID                          join a group                        (addgroup:ID)\n",
     parse_join, "addgroup"},
    {"/groups", "  /groups                           groups and their members\n",
     parse_bare<command::Groups>},
    {"/chat",
     "  /chat ID TEXT                     write to a user                     (chat:ID:TEXT)\n",
     parse_chat<' '>, "chat", parse_chat<':'>},
    {"/group",
     "  /group ID TEXT                    write to a group                    "
     "(groupchat:ID:TEXT)\n",
     parse_group_chat<' '>, "groupchat", parse_group_chat<':'>},
    {"/history",
     "  /history ID [N]                   the last N messages with a user (20)\n"
     "  /history group ID [N]             the last N messages of a group\n",
     parse_history},
    {"/more", "  /more                             older messages\n", parse_bare<command::More>},
    {"/password", "  /password                         change the password; other sessions end\n",
     parse_bare<command::Password>, "", nullptr, true},
    {"/sessions",
     "  /sessions                         sessions that can log in without a password\n",
     parse_bare<command::Sessions>},
    {"/revoke", "  /revoke ID|others                 end one of them, or all but this one\n",
     parse_revoke},
    {"/deleteaccount",
     "  /deleteaccount                    delete the account; asks for the password\n",
     parse_bare<command::DeleteAccount>, "", nullptr, true},
    {"/wait", "  /wait SECONDS                     keep receiving for that long\n", parse_wait},
    {"/wait-messages",
     "  /wait-messages N [SECONDS]        wait until N more messages have arrived (10 s)\n",
     parse_wait_messages},
    {"/help", "  /help                             this list                           (help)\n",
     parse_bare<command::Help>, "help"},
    {"/quit", "  /quit                             leave, also at the end of the input (quit)\n",
     parse_bare<command::Quit>, "quit"},
};

constexpr std::string_view kHelpEnd =
    "A NAME with spaces, or one of digits only, stands in quotation marks: \"Anna Lee\", "
    "\"123\".\n";

// A row and the spelling used.
struct Spelling {
  const CommandRow* row = nullptr;  // nullptr: no such command
  Parsed (*parse)(std::string_view rest) = nullptr;
};

// Removes the command's word from the front.
Spelling take_spelling(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const bool slash = line.starts_with('/');
  const std::string_view word = trim(take_until(line, slash ? ' ' : ':'));
  if (word.empty()) return {};
  for (const CommandRow& row : kCommands) {
    if (slash && row.word == word) return {&row, row.parse};
    if (!slash && row.original == word) {
      return {&row, row.parse_original != nullptr ? row.parse_original : row.parse};
    }
  }
  return {};
}

}  // namespace

Parsed parse_command(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.empty()) return command::Nothing{};
  if (!protocol::is_valid_utf8(line)) return wrong("the line is not valid UTF-8");
  const Spelling command = take_spelling(line);
  return command.row != nullptr ? command.parse(line) : wrong("unknown command; /help lists them");
}

bool may_be_remembered(std::string_view line) {
  std::string_view first = line;
  if (take_spelling(first).row == nullptr) return false;
  while (!line.empty()) {
    std::string_view each = take_until(line, '\n');
    const CommandRow* const row = take_spelling(each).row;
    if (row != nullptr && row->secret) return false;
  }
  return true;
}

tl::expected<Account, std::string> parse_account(std::string_view text) {
  if (!protocol::is_valid_utf8(text)) return wrong("the name is not valid UTF-8");
  const bool quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
  return to_account(quoted ? text.substr(1, text.size() - 2) : text, quoted);
}

const std::string& command_help() {
  static const std::string help = [] {
    std::string text;
    for (const CommandRow& row : kCommands) text += row.help;
    return text.append(kHelpEnd);
  }();
  return help;
}

const std::vector<std::string_view>& command_words() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> found;
    for (const CommandRow& row : kCommands) found.push_back(row.word);
    std::sort(found.begin(), found.end());
    return found;
  }();
  return words;
}

}  // namespace chat::client
