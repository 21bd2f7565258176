#include "client/terminal/editor/paste_guard.h"

#include <algorithm>

namespace chat::client {
namespace {

constexpr std::string_view kStart = "\x1b[200~";
constexpr std::string_view kEnd = "\x1b[201~";

void append_without(std::string& out, std::string_view text, std::string_view mark) {
  for (auto at = text.find(mark); at != text.npos; at = text.find(mark)) {
    out += text.substr(0, at);
    out += text.substr(at + 1, mark.size() - 1);  // without its ESC it is text
    text.remove_prefix(at + mark.size());
  }
  out += text;
}

}  // namespace

std::string PasteGuard::filter(std::string_view burst) {
  const bool inside = in_paste_;
  const std::string seen = tail_ + std::string(burst);
  const auto last_start = seen.rfind(kStart);
  const auto last_end = seen.rfind(kEnd);
  if (last_start != seen.npos || last_end != seen.npos) {
    in_paste_ = last_end == seen.npos || (last_start != seen.npos && last_start > last_end);
  }
  tail_ = seen.substr(seen.size() - std::min(seen.size(), kStart.size() - 1));

  const auto end = burst.rfind(kEnd);
  if (end == burst.npos) return std::string(burst);
  std::string out;
  std::string_view paste = burst.substr(0, end);
  if (!inside) {
    const auto start = paste.find(kStart);
    // Without a start mark, an end mark in the text has ended the paste in an earlier burst.
    out += start == paste.npos ? std::string_view() : paste.substr(0, start);
    out += kStart;
    if (start != paste.npos) paste.remove_prefix(start + kStart.size());
  }
  append_without(out, paste, kEnd);
  out += burst.substr(end);
  return out;
}

}  // namespace chat::client
