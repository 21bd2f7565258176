#include "server/admin/admin_message.h"

#include <utility>

namespace chat::server {
namespace {

constexpr int kDepthMax = 3;

tl::unexpected<Error> malformed(std::string sentence) {
  return fail(ErrorCode::kInvalidArgument, std::move(sentence));
}

}  // namespace

void AdminArguments::mistake(std::string sentence) {
  if (first_mistake_.empty()) first_mistake_ = std::move(sentence);
}

std::optional<std::string> AdminArguments::text(std::string_view name) {
  const auto found = args_.find(name);
  if (found == args_.end()) return std::nullopt;
  std::optional<std::string> text;
  if (found->is_string()) {
    text = found->get<std::string>();
  } else {
    mistake(std::string(name) + " must be a text");
  }
  args_.erase(found);
  return text;
}

std::string AdminArguments::text_or(std::string_view name, std::string_view otherwise) {
  return text(name).value_or(std::string(otherwise));
}

std::string AdminArguments::required_text(std::string_view name) {
  auto found = text(name);
  if (!found || found->empty()) mistake(std::string(name) + " is missing");
  return std::move(found).value_or("");
}

std::int64_t AdminArguments::number_or(std::string_view name, std::int64_t otherwise,
                                       std::int64_t least, std::int64_t most) {
  const auto found = args_.find(name);
  if (found == args_.end()) return otherwise;
  std::int64_t number = otherwise;
  // The library reads larger numbers as unsigned or as floating point.
  const bool whole = found->is_number_integer() &&
                     !(found->is_number_unsigned() &&
                       found->get<std::uint64_t>() > static_cast<std::uint64_t>(most));
  if (whole) number = found->get<std::int64_t>();
  if (!whole || number < least || number > most) {
    mistake(std::string(name) + " must be a number from " + std::to_string(least) + " to " +
            std::to_string(most));
  }
  args_.erase(found);
  return number;
}

std::int64_t AdminArguments::required_id(std::string_view name) {
  if (!args_.contains(name)) mistake(std::string(name) + " is missing");
  return number_or(name, 1, 1);
}

Result<void> AdminArguments::finish() const {
  if (!first_mistake_.empty()) return malformed(first_mistake_);
  if (args_.empty()) return {};
  return malformed("this command has no argument " + args_.begin().key());
}

Result<AdminRequest> parse_admin_request(std::string_view line) {
  bool too_deep = false;
  const auto limit_depth = [&too_deep](int depth, AdminJson::parse_event_t, AdminJson&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  AdminJson message = AdminJson::parse(line, limit_depth, false);
  if (too_deep || !message.is_object()) return malformed("a command is one JSON object on a line");
  const auto command = message.find("command");
  if (command == message.end() || !command->is_string()) {
    return malformed("command is missing, or not a text");
  }
  AdminJson args = message.value("args", AdminJson::object());
  if (!args.is_object()) return malformed("args must be an object");
  return AdminRequest{command->get<std::string>(), AdminArguments(std::move(args))};
}

std::string admin_reply(const Result<AdminJson>& result) {
  AdminJson reply{{"ok", result.has_value()}};
  if (result) {
    reply["result"] = *result;
  } else {
    reply["error"] = result.error().message;
  }
  return reply.dump(-1, ' ', false, AdminJson::error_handler_t::replace) + '\n';
}

}  // namespace chat::server
