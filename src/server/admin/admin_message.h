#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/result.h"

// The messages on the operator's socket (chat/protocol/admin_path.h).
namespace chat::server {

using AdminJson = nlohmann::ordered_json;

// The arguments of a command. Each is read once by the getters, which remember the first mistake;
// finish() reports it, or an argument that no getter has read.
class AdminArguments {
 public:
  explicit AdminArguments(AdminJson args = AdminJson::object()) : args_(std::move(args)) {}

  std::optional<std::string> text(std::string_view name);
  std::string text_or(std::string_view name, std::string_view otherwise);
  // Records a mistake if it is missing.
  std::string required_text(std::string_view name);
  std::int64_t number_or(std::string_view name, std::int64_t otherwise, std::int64_t least = 0,
                         std::int64_t most = std::numeric_limits<std::int32_t>::max());
  std::int64_t required_id(std::string_view name);
  Result<void> finish() const;

 private:
  void mistake(std::string sentence);

  AdminJson args_;
  std::string first_mistake_;
};

struct AdminRequest {
  std::string command;
  AdminArguments arguments;
};

// A line as a request. The error is a sentence.
Result<AdminRequest> parse_admin_request(std::string_view line);

// A reply's line, with its LF. `result` may hold any text; invalid UTF-8 is replaced.
std::string admin_reply(const Result<AdminJson>& result);

}  // namespace chat::server
