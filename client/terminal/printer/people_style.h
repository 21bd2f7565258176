#pragma once

#include <fmt/format.h>

#include <string>

#include "client/core/text.h"

namespace chat::client {

// Colours for people (ECMA-48 SGR), or none.
class PeopleStyle {
 public:
  explicit PeopleStyle(bool color) : color_(color) {}

  std::string faint(const std::string& text) const { return paint("2", text); }
  std::string dim(const std::string& line) const { return faint(line) + '\n'; }
  std::string bad(const std::string& line) const { return paint("31", line) + '\n'; }
  std::string name(const std::string& text) const { return paint("1;36", shown_name(text)); }
  std::string state(const std::string& text) const {
    return paint(text == "online" ? "32" : "2", harmless(text));
  }

  // A user or a group as known: "bob (2)", or its id alone.
  template <typename Id>
  std::string known(const char* kind, const std::string& text, Id id) const {
    if (text.empty()) return fmt::format("{} {}", kind, id.value);
    return id ? fmt::format("{} ({})", name(text), id.value) : name(text);
  }
  // Without its id, unless there is no name.
  template <typename Id>
  std::string plain(const char* kind, const std::string& text, Id id) const {
    return text.empty() ? fmt::format("{} {}", kind, id.value) : name(text);
  }

 private:
  std::string paint(const char* code, const std::string& text) const {
    return color_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }

  const bool color_;
};

}  // namespace chat::client
