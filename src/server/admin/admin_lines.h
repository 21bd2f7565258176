#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat::server {

// Cuts what an operator sends into lines. Bounds: one line of `line_max` bytes and what follows it
// in one read. Threading: externally synchronised.
class AdminLines {
 public:
  explicit AdminLines(std::size_t line_max) : line_max_(line_max) {}

  void feed(std::string_view bytes) { bytes_ += bytes; }
  // The next complete line without its LF or CRLF. Nothing: more must be fed, unless too_long().
  std::optional<std::string> next();
  // The line is longer than allowed; the rest cannot be understood.
  bool too_long() const;

 private:
  const std::size_t line_max_;
  std::string bytes_;
};

}  // namespace chat::server
