#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <string>
#include <type_traits>

#include "chat/base/ids.h"
#include "client/core/text.h"

namespace chat::client {

// Colours for people (ECMA-48 SGR), or none.
class PeopleStyle {
 public:
  explicit PeopleStyle(bool color) : color_(color) {}

  std::string faint(const std::string& text) const { return paint("2", text); }
  std::string dim(const std::string& line) const { return faint(line) + '\n'; }
  std::string bad(const std::string& line) const { return paint("31", line) + '\n'; }
  // A user's name, always in the same colour.
  std::string person(UserId id, const std::string& text) const {
    constexpr const char* kColors[] = {"32", "33", "34", "35", "36", "92", "94", "95", "96"};
    const auto index = static_cast<std::size_t>(id.value) % std::size(kColors);
    return paint(kColors[index], shown_name(text));
  }
  std::string bold(const std::string& text) const { return paint("1", text); }
  std::string good(const std::string& text) const { return paint("32", text); }
  std::string alarm(const std::string& text) const { return paint("31", text); }
  // Of what concerns the reader, such as a mention.
  std::string highlight(const std::string& text) const { return paint("1;33", text); }
  std::string name(const std::string& text) const { return paint("1;36", shown_name(text)); }
  std::string state(const std::string& text) const {
    return paint(text == "online" ? "32" : "2", harmless(text));
  }

  // A user or a group as known: "bob (2)", or its id alone.
  template <typename Id>
  std::string known(const char* kind, const std::string& text, Id id) const {
    if (text.empty()) return fmt::format("{} {}", kind, id.value);
    return id ? fmt::format("{} ({})", colored(text, id), id.value) : name(text);
  }
  // Without its id, unless there is no name.
  template <typename Id>
  std::string plain(const char* kind, const std::string& text, Id id) const {
    return text.empty() ? fmt::format("{} {}", kind, id.value) : colored(text, id);
  }

 private:
  template <typename Id>
  std::string colored(const std::string& text, Id id) const {
    if constexpr (std::is_same_v<Id, UserId>) {
      return id ? person(id, text) : name(text);
    } else {
      return name(text);
    }
  }
  std::string paint(const char* code, const std::string& text) const {
    return color_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }

  const bool color_;
};

}  // namespace chat::client
