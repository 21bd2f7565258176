#include "client/terminal/names.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "client/terminal/command.h"

namespace chat::client {
namespace {

enum class Takes { kNothing, kFriend, kGroup };

// The text before the name: its length, and the kind of name. Length 0: no such command.
struct Head {
  std::size_t size = 0;
  Takes takes = Takes::kNothing;
};

Head head_of(std::string_view line) {
  constexpr std::string_view kHistoryOfGroup = "/history group ";
  if (line.starts_with(kHistoryOfGroup)) return {kHistoryOfGroup.size(), Takes::kGroup};
  for (const std::string_view command : {"/chat ", "/history "}) {
    if (line.starts_with(command)) return {command.size(), Takes::kFriend};
  }
  if (line.starts_with("/group ")) return {std::string_view("/group ").size(), Takes::kGroup};
  return {};
}

// The name at the beginning of `rest`, including its quotation marks.
std::string_view written_name(std::string_view rest) {
  if (!rest.starts_with('"')) return rest.substr(0, rest.find(' '));
  const auto end = rest.find('"', 1);
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end + 1);
}

std::string_view without_marks(std::string_view written) {
  const bool marked = written.size() >= 2 && written.front() == '"';
  return marked ? written.substr(1, written.size() - 2) : written;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

// 0 if no contact, or more than one, has this name.
template <typename Contact>
std::int32_t id_of(std::string_view name, const std::vector<Contact>& contacts) {
  std::int32_t id = 0;
  for (const Contact& contact : contacts) {
    if (contact.name != name) continue;
    if (id != 0) return 0;
    id = contact.id.value;
  }
  return id;
}

// Unquoted digits would be taken for an id.
bool needs_marks(std::string_view name) {
  return name.find(' ') != std::string_view::npos || name.starts_with('"') || is_number(name);
}

// Names that need quotation marks also match without them, if no other name does.
template <typename Contact>
std::vector<std::string> names_like(std::string_view before, const Head& head,
                                    const std::vector<Contact>& contacts) {
  const std::string_view typed = before.substr(head.size);
  const bool marked = typed.starts_with('"');
  std::vector<std::string> found;
  std::vector<std::string> found_without_marks;
  for (const Contact& contact : contacts) {
    const std::string& name = contact.name;
    const bool in_marks = marked || needs_marks(name);
    if (in_marks && name.find('"') != std::string::npos) continue;  // it cannot be written
    std::string line(before.substr(0, head.size));
    line += in_marks ? '"' + name + '"' : name;
    if (line.starts_with(before)) {
      found.push_back(std::move(line));
    } else if (in_marks && !marked && name.starts_with(typed)) {
      found_without_marks.push_back(std::move(line));
    }
  }
  return found.empty() ? found_without_marks : found;
}

}  // namespace

std::string resolve_names(std::string_view line, const std::vector<Friend>& friends,
                          const std::vector<Group>& groups) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const Head head = head_of(line);
  const std::string_view written = written_name(line.substr(head.size));
  if (head.takes == Takes::kNothing || written.empty() || is_number(written)) {
    return std::string(line);
  }
  const std::string_view name = without_marks(written);
  const std::int32_t id = head.takes == Takes::kFriend ? id_of(name, friends) : id_of(name, groups);
  if (id == 0) return std::string(line);
  return std::string(line.substr(0, head.size)) + std::to_string(id) +
         std::string(line.substr(head.size + written.size()));
}

std::vector<std::string> completions(std::string_view before, const std::vector<Friend>& friends,
                                     const std::vector<Group>& groups) {
  std::vector<std::string> found;
  if (before.find(' ') == std::string_view::npos) {
    for (const std::string_view command : command_words()) {
      if (!before.empty() && command.starts_with(before)) found.emplace_back(command);
    }
    return found;
  }
  const Head head = head_of(before);
  if (head.takes == Takes::kFriend) return names_like(before, head, friends);
  if (head.takes == Takes::kGroup) return names_like(before, head, groups);
  return found;
}

}  // namespace chat::client
