#include "client/core/mentions.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>

#include "chat/base/unicode.h"

namespace chat::client {
namespace {

constexpr std::size_t kMentionsMost = 20;

// True if a word may begin or end beside this byte. Names may be followed by letters of other
// scripts, which are written without blanks.
bool is_boundary(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0x80 || (std::isalnum(value) == 0 && byte != '_');
}

// Letters of scripts that separate words by blanks: U+00C0 to U+058F in UTF-8, by the first byte.
bool is_spaced_letter(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= 0xC3 && value <= 0xD6;
}

bool ends_before(std::string_view text, std::size_t end) {
  return end == text.size() || (is_boundary(text[end]) && !is_spaced_letter(text[end]));
}

// True if a word may begin at `begin`.
bool begins_at(std::string_view text, std::size_t begin) {
  if (begin == 0) return true;
  std::size_t before = begin - 1;
  while (before > 0 && (static_cast<unsigned char>(text[before]) & 0xC0U) == 0x80U) --before;
  return is_boundary(text[before]) && !is_spaced_letter(text[before]);
}

bool begins_with(std::string_view text, std::string_view name) {
  return !name.empty() && text.starts_with(name) && ends_before(text, name.size());
}

std::string_view first_word(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), [](char byte) {
    return is_boundary(byte) && static_cast<unsigned char>(byte) < 0x80;
  });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

struct FoldedName {
  UserId id;
  std::string key;
};

std::vector<FoldedName> fold_names(const std::vector<Member>& members) {
  std::vector<FoldedName> out;
  out.reserve(members.size());
  for (const Member& each : members) out.push_back({each.id, base::fold_name(each.name)});
  return out;
}

}  // namespace

std::vector<std::string> find_mentions(std::string_view text, const std::vector<Member>& members,
                                       bool may_mention_all, event::MessageExtras& extras) {
  std::vector<std::string> others;
  const std::string folded = base::fold_name(text);
  text = folded;
  const std::vector<FoldedName> names = fold_names(members);
  for (std::size_t at = text.find('@'); at != text.npos; at = text.find('@', at + 1)) {
    if (!begins_at(text, at)) continue;  // an address: bob@example.org
    const std::string_view rest = text.substr(at + 1);
    const FoldedName* found = nullptr;
    for (const FoldedName& each : names) {
      const bool longer = found == nullptr || each.key.size() > found->key.size();
      if (longer && begins_with(rest, each.key)) found = &each;
    }
    // Somebody may have taken the name "all" to keep admins from reaching everybody.
    if (may_mention_all && begins_with(rest, "all") && (found == nullptr || found->key == "all")) {
      extras.at_all = true;
    } else if (found == nullptr) {
      const std::string_view word = first_word(rest);
      const bool is_new = std::find(others.begin(), others.end(), word) == others.end();
      if (!word.empty() && is_new) others.emplace_back(word);
    } else if (extras.at.size() < kMentionsMost &&
               std::find(extras.at.begin(), extras.at.end(), found->id) == extras.at.end()) {
      extras.at.push_back(found->id);
    }
  }
  return others;
}

}  // namespace chat::client
