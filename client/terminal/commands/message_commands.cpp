// The commands about single messages and about conversations.
#include <string>
#include <string_view>
#include <utility>

#include "client/terminal/commands/command_row.h"

namespace chat::client {
namespace {

using command::Setting;

// The number of a message: digits in front of `rest`, followed by its end or a blank. 0: none.
int take_number(std::string_view& rest) {
  std::string_view left = rest;
  std::string_view word = take_word(left);
  if (word.starts_with('[') && word.ends_with(']')) word = word.substr(1, word.size() - 2);
  const auto number = is_digits(word) ? parse_number(word) : std::nullopt;
  if (!number) return 0;
  rest = left;
  return *number;
}

template <typename T>
Parsed parse_bare_number(std::string_view rest, const char* usage) {
  T out{take_number(rest)};
  if (!trim(rest).empty()) return wrong(usage);
  return out;
}

Parsed parse_recall(std::string_view rest) {
  return parse_bare_number<command::Recall>(rest, "/recall [N]: the number beside a message");
}

Parsed parse_readers(std::string_view rest) {
  return parse_bare_number<command::Readers>(rest, "/readers [N]: the number beside a message");
}

// A text that consists of a number only is a text.
template <typename T>
Parsed parse_with_text(std::string_view rest) {
  std::string_view text = rest;
  const int number = take_number(text);
  if (number != 0 && !trim(text).empty()) return T{number, std::string(trim(text))};
  if (trim(rest).empty())
    return wrong("this command takes [N] TEXT: N is the number beside a message");
  return T{0, std::string(trim(rest))};
}

template <Setting What>
Parsed parse_setting(std::string_view rest) {
  if (trim(rest).empty()) return command::SetConversation{What};
  auto of = take_either(rest);
  if (!of) return wrong("this command takes the name of a user or a group: " + of.error());
  if (!trim(rest).empty()) {
    return wrong("this command takes one name; a name with spaces goes in quotation marks");
  }
  return command::SetConversation{What, std::move(*of)};
}

constexpr CommandRow kMessageRows[] = {
    {.word = "/inbox",
     .help = "  /inbox                            the conversations, with what is unread\n",
     .parse = parse_bare<command::Inbox>},
    {.word = "/reply",
     .help = "  /reply [N] TEXT                   answer message N, or the last one here\n",
     .parse = parse_with_text<command::Reply>},
    {.word = "/edit",
     .help = "  /edit [N] TEXT                    replace the text of your message N, or your last "
             "here\n",
     .parse = parse_with_text<command::Edit>},
    {.word = "/recall",
     .help = "  /recall [N]                       take back message N, or your last one here\n",
     .parse = parse_recall},
    {.word = "/readers",
     .help = "  /readers [N]                      who has read message N of a group, or your last "
             "here\n",
     .parse = parse_readers},
    {.word = "/pin",
     .help = "  /pin [NAME], /unpin [NAME]        keep a conversation first on its inbox page\n",
     .parse = parse_setting<Setting::kPin>,
     .takes = {Takes::kEither}},
    {.word = "/unpin", .parse = parse_setting<Setting::kUnpin>, .takes = {Takes::kEither}},
    {.word = "/silence",
     .help = "  /silence [NAME], /unsilence [NAME]   no bell for it, except for mentions\n",
     .parse = parse_setting<Setting::kSilence>,
     .takes = {Takes::kEither}},
    {.word = "/unsilence", .parse = parse_setting<Setting::kUnsilence>, .takes = {Takes::kEither}},
    {.word = "/hide",
     .help = "  /hide [NAME]                      not in the inbox until the next message\n",
     .parse = parse_setting<Setting::kHide>,
     .takes = {Takes::kEither}},
};

}  // namespace

std::span<const CommandRow> message_rows() {
  return kMessageRows;
}

}  // namespace chat::client
