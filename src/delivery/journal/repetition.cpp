#include "delivery/journal/repetition.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/field.h"

namespace chat::delivery {
namespace {

using protocol::key_of;
using protocol::messages::GroupMarks;

// The members of `extra` that a chat request can set, as a canonical text.
std::string marks_of(std::string_view extra) {
  if (extra.empty()) return {};
  const auto all = nlohmann::json::parse(extra, nullptr, false);
  if (!all.is_object()) return {};
  nlohmann::json marks = nlohmann::json::object();
  for (const auto name :
       {key_of(&GroupMarks::reply), key_of(&GroupMarks::at), key_of(&GroupMarks::at_all)}) {
    if (const auto found = all.find(name); found != all.end()) marks[std::string(name)] = *found;
  }
  return marks.empty() ? std::string() : marks.dump();
}

}  // namespace

bool is_repetition(const Content& stored, const Content& sent) {
  if (stored.body != sent.body) return false;
  return stored.extra == sent.extra || marks_of(stored.extra) == marks_of(sent.extra);
}

std::size_t hash_of_content(const Content& content) {
  const std::size_t body = std::hash<std::string_view>{}(content.body);
  if (content.extra.empty()) return body;
  const std::string marks = marks_of(content.extra);
  if (marks.empty()) return body;
  return body ^ (std::hash<std::string>{}(marks)*0x9E3779B97F4A7C15ULL);
}

}  // namespace chat::delivery
