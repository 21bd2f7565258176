#include "chat/protocol/http.h"

#include <algorithm>
#include <array>

namespace chat::protocol {
namespace {

// Methods shorter than four letters include the following space.
constexpr std::array<std::string_view, 7> kBeginnings = {"GET ", "HEAD", "POST", "PUT ",
                                                         "PATC", "OPTI", "DELE"};

#define CHAT_HTTP_BODY "This port speaks the chat protocol, not HTTP. Connect with chatclient.\n"
#define CHAT_HTTP_HEAD                          \
  "HTTP/1.1 400 Bad Request\r\n"                \
  "Content-Type: text/plain; charset=utf-8\r\n" \
  "Content-Length: 71\r\n"                      \
  "Connection: close\r\n"                       \
  "\r\n"

constexpr std::string_view kHead = CHAT_HTTP_HEAD;
constexpr std::string_view kWhole = CHAT_HTTP_HEAD CHAT_HTTP_BODY;
static_assert(kWhole.size() - kHead.size() == 71, "Content-Length");

#undef CHAT_HTTP_HEAD
#undef CHAT_HTTP_BODY

// RFC 9110 §5.6.2.
bool is_token_character(char c) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         kSigns.find(c) != std::string_view::npos;
}

}  // namespace

HttpGuess guess_http(std::string_view first_bytes) {
  const std::string_view begin = first_bytes.substr(0, kHttpGuessBytes);
  for (const std::string_view method : kBeginnings) {
    if (!method.starts_with(begin)) continue;
    return begin.size() == kHttpGuessBytes ? HttpGuess::kYes : HttpGuess::kUndecided;
  }
  return HttpGuess::kNo;
}

bool is_http_request_line(std::string_view line) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return false;
  line.remove_prefix(begin);
  const std::size_t method = line.find(' ');
  const std::size_t version = line.rfind(" HTTP/");
  if (method == 0 || method == std::string_view::npos || version == std::string_view::npos) {
    return false;
  }
  const std::string_view word = line.substr(0, method);
  return version > method && std::all_of(word.begin(), word.end(), is_token_character);
}

std::string_view http_refusal(bool head) {
  return head ? kHead : kWhole;
}

}  // namespace chat::protocol
