#include "server/admin/admin_lines.h"

#include <algorithm>

namespace chat::server {

std::optional<std::string> AdminLines::next() {
  if (too_long()) return std::nullopt;
  const auto end = bytes_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = bytes_.substr(0, end);
  bytes_.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

bool AdminLines::too_long() const {
  return std::min(bytes_.find('\n'), bytes_.size()) > line_max_;
}

}  // namespace chat::server
