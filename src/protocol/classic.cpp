#include "chat/protocol/classic.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "chat/base/check.h"
#include "chat/protocol/errors.h"
#include "chat/protocol/msgid.h"

namespace chat::protocol {
namespace {

using Json = nlohmann::ordered_json;

// A text can't be taken apart beyond one code point, and the longest of those is "" plus more.
constexpr std::size_t kCodePointMaxBytes = 4;

bool fits(const Json& object) {
  return object.dump().size() <= kClassicMaxBytes;
}

// Where the code point that holds byte `at` of `text` begins.
std::size_t code_point_begin(std::string_view text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

// The longest beginning of `text`, of whole code points and at least one, with which `push` fits.
std::size_t longest_piece(Json& push, std::string_view text) {
  // Escapes only lengthen a text: more bytes than the object may have need not be tried.
  std::size_t low = 0;
  std::size_t high = std::min(text.size(), kClassicMaxBytes);
  while (low < high) {
    const std::size_t middle = (low + high + 1) / 2;
    const std::size_t cut = middle == text.size() ? middle : code_point_begin(text, middle);
    push["msg"] = text.substr(0, cut);
    if (fits(push)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const std::size_t cut = low == text.size() ? low : code_point_begin(text, low);
  if (cut > 0) return cut;
  std::size_t first = 1;
  while (first < text.size() && first < kCodePointMaxBytes &&
         (static_cast<unsigned char>(text[first]) & 0xC0) == 0x80) {
    ++first;
  }
  return first;
}

// A chat push, with what these clients look at.
Json plain_push(const Json& push) {
  Json plain;
  for (const char* name : {"msgid", "id", "name", "toid", "groupid", "msg", "time"}) {
    if (const auto field = push.find(name); field != push.end()) plain[name] = *field;
  }
  return plain;
}

std::vector<std::string> pieces_of(const Json& push) {
  Json piece = plain_push(push);
  if (fits(piece)) return {piece.dump()};
  const std::string whole = piece["msg"];
  std::vector<std::string> pieces;
  for (std::string_view rest = whole; !rest.empty();) {
    const std::size_t size = longest_piece(piece, rest);
    piece["msg"] = rest.substr(0, size);
    pieces.push_back(piece.dump());
    rest.remove_prefix(size);
  }
  return pieces;
}

// What has no place in `into` is left out; the rest of the list too, so that its order is kept.
std::size_t add_list(Json& into, const char* name, const std::vector<std::string>& items) {
  std::size_t count = 0;
  for (const std::string& item : items) {
    into[name].push_back(item);
    if (!fits(into)) {
      into[name].erase(into[name].size() - 1);
      break;
    }
    ++count;
  }
  if (count == 0) into.erase(name);
  return count;
}

std::vector<std::string> texts_of(const Json& items) {
  std::vector<std::string> texts;
  for (const Json& item : items) texts.push_back(item.dump());
  return texts;
}

// A group with as many of its users as there is room for, each a text as well.
bool add_group(Json& into, const Json& group) {
  Json plain = group;
  // Most variants read "id", some "groupid".
  if (plain.contains("id")) plain["groupid"] = plain["id"];
  plain["users"] = Json::array();
  const auto add = [&into](const Json& candidate) {
    Json tried = into;
    tried["groups"].push_back(candidate.dump());
    if (!fits(tried)) return false;
    into = std::move(tried);
    return true;
  };
  const Json before = into;
  if (!add(plain)) return false;
  for (const std::string& user : texts_of(group.value("users", Json::array()))) {
    plain["users"].push_back(user);
    const Json with_fewer = std::exchange(into, before);
    if (!add(plain)) {
      into = with_fewer;
      break;
    }
  }
  return true;
}

Json plain_reply(const Json& reply) {
  Json plain;
  for (const char* name : {"msgid", "errno", "errmsg", "id", "name"}) {
    if (const auto field = reply.find(name); field != reply.end()) plain[name] = *field;
  }
  // They know three: done, failed, already online. Some take any other for success.
  if (plain.value("errno", 0) > static_cast<int>(Errno::kAlreadyOnline)) {
    plain["errno"] = static_cast<int>(Errno::kFailed);
  }
  return plain;
}

Json parse(std::string_view json) {
  Json object = Json::parse(json, nullptr, false);
  CHAT_CHECK(object.is_object());
  return object;
}

ClassicWelcome welcome_of(const Json& reply) {
  Json plain = plain_reply(reply);
  add_list(plain, "friends", texts_of(reply.value("friends", Json::array())));
  for (const Json& group : reply.value("groups", Json::array())) {
    if (!add_group(plain, group)) break;
  }
  std::vector<std::string> offline;
  for (const Json& push : reply.value("offlinemsg", Json::array())) {
    offline.push_back(plain_push(push).dump());
  }
  const std::size_t count = add_list(plain, "offlinemsg", offline);
  return {plain.dump(), count};
}

}  // namespace

std::vector<std::string> to_classic(std::string_view json) {
  const Json object = parse(json);
  switch (static_cast<Msgid>(object.value("msgid", 0))) {
    case Msgid::kLoginAck: return {welcome_of(object).json};
    case Msgid::kRegisterAck: return {plain_reply(object).dump()};
    case Msgid::kOneChat:
    case Msgid::kGroupChat: return pieces_of(object);
    default: return {};
  }
}

void append_frames(std::string& out, Framing framing, std::string_view json) {
  if (framing != Framing::kClassic) return append_frame(out, framing, json);
  for (const std::string& object : to_classic(json)) append_frame(out, framing, object);
}

ClassicWelcome to_classic_welcome(std::string_view json) {
  return welcome_of(parse(json));
}

}  // namespace chat::protocol
