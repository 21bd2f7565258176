#include "client/terminal/commands/completion.h"

#include <array>
#include <set>
#include <utility>

#include "client/terminal/commands/command_parser.h"
#include "client/terminal/commands/command_row.h"
#include "client/terminal/commands/command_text.h"

namespace chat::client {
namespace {

// An argument to complete: the line before it, what it is, and the row of its command.
struct Place {
  std::string_view head;
  std::string_view typed;
  Takes takes = Takes::kNothing;
};

// The size of the complete argument that `rest` begins with, including the blank after it; 0 if it
// is still being typed.
std::size_t size_of_argument(std::string_view rest) {
  const auto mark = rest.starts_with('"') ? rest.find('"', 1) : 0;
  if (mark == std::string_view::npos) return 0;
  const auto blank = rest.find(' ', mark);
  return blank == std::string_view::npos ? 0 : blank + 1;
}

// Unquoted digits would be taken for an id.
bool needs_marks(std::string_view name) {
  return name.find(' ') != std::string_view::npos || name.starts_with('"') ||
         name.starts_with('#') || is_digits(name);
}

// Names that need quotation marks also match without them, if no other name does.
class Names {
 public:
  explicit Names(const Place& place) : place_(place), marked_(place.typed.starts_with('"')) {}

  void add(const std::string& name) {
    const bool in_marks = marked_ || needs_marks(name);
    if (in_marks && name.find('"') != std::string::npos) return;  // it cannot be written
    if (!seen_.insert(name).second) return;
    const std::string written = in_marks ? '"' + name + '"' : name;
    if (written.starts_with(place_.typed)) {
      found_.push_back(std::string(place_.head) + written);
    } else if (in_marks && !marked_ && name.starts_with(place_.typed)) {
      found_without_marks_.push_back(std::string(place_.head) + written);
    }
  }
  std::vector<std::string> take() { return found_.empty() ? found_without_marks_ : found_; }

 private:
  const Place& place_;
  const bool marked_;
  std::set<std::string> seen_;
  std::vector<std::string> found_;
  std::vector<std::string> found_without_marks_;
};

std::vector<std::string> complete(const Place& place, std::string_view words,
                                  const KnownRefs& known) {
  Names names(place);
  if (place.takes == Takes::kEither) {
    for (const UserRef& each : known.users) names.add(each.name);
    for (const GroupRef& each : known.groups) names.add(each.name);
  } else if (place.takes == Takes::kUser) {
    for (const UserRef& each : known.users) names.add(each.name);
  } else if (place.takes == Takes::kGroup) {
    for (const GroupRef& each : known.groups) names.add(each.name);
  } else if (place.takes == Takes::kWord) {
    while (!words.empty()) names.add(std::string(take_word(words)));
  }
  return names.take();
}

std::vector<std::string> commands_like(std::string_view before) {
  std::vector<std::string> found;
  for (const std::string_view word : command_words()) {
    if (!before.empty() && word.starts_with(before)) found.emplace_back(word);
  }
  return found;
}

}  // namespace

std::vector<std::string> completions(std::string_view before, const KnownRefs& known) {
  const auto end = before.find(' ');
  if (end == std::string_view::npos) return commands_like(before);
  const CommandRow* const row = find_row(before.substr(0, end));
  if (row == nullptr) return {};
  std::array<Takes, 2> takes = row->takes;
  std::size_t begin = end + 1;
  constexpr std::string_view kGroup = "group ";
  if (takes[0] == Takes::kEither && before.substr(begin).starts_with(kGroup)) {
    begin += kGroup.size();
    takes = {Takes::kGroup};
  }
  const std::size_t first = begin;
  for (const Takes each : takes) {
    const std::size_t size = size_of_argument(before.substr(begin));
    if (size > 0) {
      begin += size;
      continue;
    }
    auto found = complete({before.substr(0, begin), before.substr(begin), each}, row->words, known);
    if (!found.empty()) return found;
    break;
  }
  // Perhaps a name of several words, typed without quotation marks.
  return complete({before.substr(0, first), before.substr(first), takes[0]}, row->words, known);
}

}  // namespace chat::client
