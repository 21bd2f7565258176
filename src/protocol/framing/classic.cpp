#include "chat/protocol/classic.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "chat/base/check.h"
#include "chat/protocol/errors.h"
#include "chat/protocol/local_time.h"
#include "chat/protocol/msgid.h"
#include "protocol/codec/plain_text.h"

namespace chat::protocol {
namespace {

using Json = nlohmann::ordered_json;

// The smallest piece of a text is one code point.
constexpr std::size_t kCodePointMaxBytes = 4;

// The object as text, with terminal controls escaped as by JsonWriter.
std::string text_of(const Json& object) {
  const std::string dumped = object.dump();
  std::string text;
  std::size_t plain_from = 0;
  for (std::size_t at = 0; at < dumped.size(); ++at) {
    const Obeyed obeyed = obeyed_at(dumped, at);
    if (obeyed.size == 0) continue;
    text.append(dumped, plain_from, at - plain_from);
    append_unicode_escape(text, obeyed.code_point);
    plain_from = at + obeyed.size;
    at = plain_from - 1;
  }
  return text.append(dumped, plain_from);
}

bool fits(const Json& object) {
  return text_of(object).size() <= kClassicMaxBytes;
}

// The beginning of the code point that contains byte `at` of `text`.
std::size_t code_point_begin(std::string_view text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

// The longest prefix of `text`, of at least one whole code point, with which `push` fits.
std::size_t longest_piece(Json& push, std::string_view text) {
  // Escapes only lengthen a text, so more bytes than the object may have need not be tried.
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

void renumber(Json& object, ClassicNumbers numbers) {
  object["msgid"] = number_in(numbers, static_cast<Msgid>(object.value("msgid", 0)));
}

// A chat push with the fields that these clients read.
Json plain_push(const Json& push, ClassicNumbers numbers) {
  Json plain;
  for (const char* name : {"msgid", "id", "name", "toid", "groupid", "msg", "time"}) {
    if (const auto field = push.find(name); field != push.end()) plain[name] = *field;
  }
  renumber(plain, numbers);
  return plain;
}

// These clients can't apply an edit, and a recalled text is empty. They are shown the recall, whose
// `msg` is a line of text.
bool is_shown(const Json& push) {
  return push.value("kind", "") != "edit" && !push.contains("recalled");
}

std::vector<std::string> pieces_of(const Json& push, ClassicNumbers numbers) {
  if (!is_shown(push)) return {};
  Json piece = plain_push(push, numbers);
  if (fits(piece)) return {text_of(piece)};
  const std::string whole = piece["msg"];
  std::vector<std::string> pieces;
  for (std::string_view rest = whole; !rest.empty();) {
    const std::size_t size = longest_piece(piece, rest);
    piece["msg"] = rest.substr(0, size);
    pieces.push_back(text_of(piece));
    rest.remove_prefix(size);
  }
  return pieces;
}

// An announcement, as a chat message of a user 0: these clients show nothing else.
Json chat_of_announcement(const Json& push) {
  return {{"msgid", static_cast<int>(Msgid::kOneChat)},
          {"id", 0},
          {"name", "server"},
          {"toid", 0},
          {"msg", push.value("text", "")},
          {"time", local_time_text(push.value("ts", UnixMillis{0}))}};
}

// Omits the first item that does not fit in `into` and all after it, to keep the order.
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

template <typename Items>
std::vector<std::string> texts_of(const Items& items) {
  std::vector<std::string> texts;
  for (const Json& item : items) texts.push_back(text_of(item));
  return texts;
}

// The groups, each with an empty list of users, because some clients read it unconditionally.
std::vector<Json> without_users(const Json& groups) {
  std::vector<Json> named;
  for (const Json& group : groups) {
    // What these clients know: there is little room, and one long group would hide the others.
    Json plain;
    for (const char* field : {"id", "groupname", "groupdesc"}) {
      if (group.contains(field)) plain[field] = group[field];
    }
    // Most variants read "id", some "groupid".
    if (plain.contains("id")) plain["groupid"] = plain["id"];
    plain["users"] = Json::array();
    named.push_back(std::move(plain));
  }
  return named;
}

// Adds users, each as a text, to the group at `index` of `into` while they fit. False if not all
// did.
bool add_users(Json& into, std::size_t index, Json& named, const Json& group) {
  Json& place = into["groups"][index];
  for (const std::string& user : texts_of(group.value("users", Json::array()))) {
    named["users"].push_back(user);
    Json with_fewer = std::exchange(place, text_of(named));
    if (fits(into)) continue;
    place = std::move(with_fewer);
    return false;
  }
  return true;
}

Json plain_reply(const Json& reply, ClassicNumbers numbers) {
  Json plain;
  for (const char* name : {"msgid", "errno", "errmsg", "id", "name"}) {
    if (const auto field = reply.find(name); field != reply.end()) plain[name] = *field;
  }
  // They know three values: done, failed, already online. Some treat any other as success.
  if (plain.value("errno", 0) > static_cast<int>(Errno::kAlreadyOnline)) {
    plain["errno"] = static_cast<int>(Errno::kFailed);
  }
  renumber(plain, numbers);
  return plain;
}

Json parse(std::string_view frame) {
  Json object = Json::parse(frame, nullptr, false);
  CHAT_CHECK(object.is_object());
  return object;
}

ClassicWelcome welcome_of(const Json& reply, ClassicNumbers numbers) {
  Json plain = plain_reply(reply, numbers);
  const Json groups = reply.value("groups", Json::array());
  std::vector<Json> named = without_users(groups);
  named.resize(add_list(plain, "groups", texts_of(named)));
  add_list(plain, "friends", texts_of(reply.value("friends", Json::array())));
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (!add_users(plain, i, named[i], groups[i])) break;
  }
  std::vector<std::string> offline;
  std::vector<std::size_t> places;  // in the reply
  const Json waiting = reply.value("offlinemsg", Json::array());
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (!is_shown(waiting[i])) continue;
    offline.push_back(text_of(plain_push(waiting[i], numbers)));
    places.push_back(i);
  }
  const std::size_t count = add_list(plain, "offlinemsg", offline);
  return {text_of(plain), count == offline.size() ? waiting.size() : places[count]};
}

}  // namespace

std::vector<std::string> to_classic(std::string_view json, ClassicNumbers numbers) {
  const Json object = parse(json);
  switch (static_cast<Msgid>(object.value("msgid", 0))) {
    case Msgid::kLoginAck: return {welcome_of(object, numbers).json};
    case Msgid::kRegisterAck: return {text_of(plain_reply(object, numbers))};
    case Msgid::kOneChat:
    case Msgid::kGroupChat: return pieces_of(object, numbers);
    case Msgid::kAnnouncement: return pieces_of(chat_of_announcement(object), numbers);
    default: return {};
  }
}

void append_frames(std::string& out, Framing framing, std::string_view json,
                   ClassicNumbers numbers) {
  if (framing != Framing::kClassic) return append_frame(out, framing, json);
  for (const std::string& object : to_classic(json, numbers)) append_frame(out, framing, object);
}

ClassicWelcome to_classic_welcome(std::string_view json, ClassicNumbers numbers) {
  return welcome_of(parse(json), numbers);
}

}  // namespace chat::protocol
