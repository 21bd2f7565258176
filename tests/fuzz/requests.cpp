// Bytes of a frame → request. An input is the frame.
//
// What must hold: what is refused is refused with one of the protocol's errors, and the reply that
// says so is valid; what is taken is strict JSON, means the same when it is written anew, and a
// field that passes its check reads as a value within its rule.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "chat/base/check.h"
#include "chat/protocol/json_writer.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/decode_request.h"
#include "chat/protocol/messages/history_messages.h"
#include "chat/protocol/messages/login_messages.h"
#include "chat/protocol/request.h"
#include "chat/protocol/utf8.h"
#include "fuzz_target.h"

namespace {

using chat::protocol::Errno;
using chat::protocol::FieldKind;
using chat::protocol::JsonWriter;
using chat::protocol::Msgid;
using chat::protocol::Nested;
using chat::protocol::Refusal;
using chat::protocol::Request;
using chat::protocol::Value;
using nlohmann::json;

void check_refusal(const Refusal& refusal, Msgid msgid, std::string_view cid) {
  CHAT_CHECK(!refusal.message.empty());
  const std::string reply = error_reply(msgid, refusal, cid);
  CHAT_CHECK(chat::protocol::is_valid_utf8(reply));
  const json parsed = json::parse(reply);
  CHAT_CHECK(parsed.at("errno") == static_cast<int>(refusal.code));
  CHAT_CHECK(parsed.at("error") == name_of(refusal.code));
  CHAT_CHECK(cid.empty() || parsed.at("cid") == cid);
}

void check_parse_refusal(const Refusal& refusal) {
  CHAT_CHECK(refusal.code == Errno::kBadJson || refusal.code == Errno::kBadUtf8 ||
             refusal.code == Errno::kTooDeep || refusal.code == Errno::kBadField);
  check_refusal(refusal, Msgid::kError, "");
}

// JsonWriter::key() is for names of the program's own.
void write_key(std::string& text, std::string_view name) {
  if (text.back() != '{') text += ',';
  JsonWriter(text).value(name);
  text += ':';
}

struct WriteValue {
  std::string& text;
  void operator()(std::nullptr_t) const { text += "null"; }
  void operator()(bool flag) const { JsonWriter(text).value(flag); }
  void operator()(std::int64_t number) const { text += std::to_string(number); }
  void operator()(double number) const { text += json(number).dump(); }
  void operator()(const std::string& value) const {
    JsonWriter(text).value(std::string_view(value));
  }
  void operator()(const Nested& nested) const {
    text += nested.is_object ? '{' : '[';
    for (const auto& [name, number] : nested.integers) {
      if (nested.is_object) {
        write_key(text, name);
      } else if (text.back() != '[') {
        text += ',';
      }
      text += std::to_string(number);
    }
    // Of what was dropped, only the number is known.
    for (std::size_t i = 0; i < nested.dropped; ++i) {
      if (text.back() != '[' && text.back() != '{') text += ',';
      text += nested.is_object ? "\"dropped " + std::to_string(i) + "\":null" : "null";
    }
    text += nested.is_object ? '}' : ']';
  }
};

std::string written(const Request& request) {
  std::string text = "{";
  for (const auto& [name, value] : request.fields) {
    write_key(text, name);
    std::visit(WriteValue{text}, value);
  }
  text += '}';
  return text;
}

void check_same(const Request& a, const Request& b) {
  CHAT_CHECK(a.msgid == b.msgid);
  CHAT_CHECK(a.fields == b.fields);
  CHAT_CHECK(a.cid() == b.cid());
}

void check_round_trip(const Request& request) {
  const auto again = chat::protocol::parse_request(written(request));
  CHAT_CHECK(again.has_value());
  check_same(*again, request);
}

// What is plain goes another way than the rest of JSON; with an escape in it it is not plain.
void check_with_escape(std::string frame, const Request& request) {
  const std::size_t m = frame.find("\"m");
  if (m == std::string::npos) return;
  const auto parsed = chat::protocol::parse_request(frame.replace(m + 1, 1, "\\u006d"));
  CHAT_CHECK(parsed.has_value());
  check_same(*parsed, request);
}

void check_accepted(const Value& value, FieldKind kind) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* number = std::get_if<std::int64_t>(&value);
  const auto code_points = text != nullptr ? chat::protocol::count_code_points(*text) : 0;
  switch (kind) {
    case FieldKind::kId:
      CHAT_CHECK(number != nullptr && *number >= 1 && *number <= chat::protocol::kIdMax);
      return;
    case FieldKind::kInteger: CHAT_CHECK(number != nullptr && *number >= 0); return;
    case FieldKind::kString: CHAT_CHECK(text != nullptr); return;
    case FieldKind::kText:
      CHAT_CHECK(text != nullptr);
      CHAT_CHECK(code_points >= 1 && code_points <= chat::protocol::kTextMaxCodePoints);
      return;
    case FieldKind::kName:
      CHAT_CHECK(text != nullptr);
      CHAT_CHECK(code_points >= 1 && code_points <= chat::protocol::kNameMaxCodePoints);
      CHAT_CHECK(!chat::protocol::name_fault(*text));
      return;
    case FieldKind::kGroupDesc:
      CHAT_CHECK(text != nullptr);
      CHAT_CHECK(code_points <= chat::protocol::kGroupDescMaxCodePoints);
      CHAT_CHECK(!chat::protocol::has_control_characters(*text));
      return;
    case FieldKind::kNick:
      CHAT_CHECK(text != nullptr && (text->empty() || !chat::protocol::name_fault(*text)));
      return;
    case FieldKind::kRequestText:
      CHAT_CHECK(text != nullptr && code_points <= chat::protocol::kRequestTextMaxCodePoints);
      return;
    case FieldKind::kBio:
      CHAT_CHECK(text != nullptr && code_points <= chat::protocol::kBioMaxCodePoints);
      return;
    case FieldKind::kAvatar:
      CHAT_CHECK(text != nullptr && code_points <= chat::protocol::kAvatarMaxCodePoints);
      return;
    case FieldKind::kAnnouncement:
      CHAT_CHECK(text != nullptr && code_points <= chat::protocol::kAnnouncementMaxCodePoints);
      return;
    case FieldKind::kFlag: CHAT_CHECK(std::holds_alternative<bool>(value)); return;
    case FieldKind::kIntegers: CHAT_CHECK(std::get<Nested>(value).is_object); return;
    case FieldKind::kIds:
      CHAT_CHECK(!std::get<Nested>(value).is_object);
      CHAT_CHECK(std::get<Nested>(value).integers.size() <= chat::protocol::kMentionsMax);
      return;
  }
}

void check_fields_of(const Request& request) {
  for (const auto& [name, value] : request.fields) {
    for (const auto kind :
         {FieldKind::kId, FieldKind::kInteger, FieldKind::kString, FieldKind::kText,
          FieldKind::kName, FieldKind::kGroupDesc, FieldKind::kNick, FieldKind::kRequestText,
          FieldKind::kBio, FieldKind::kAvatar, FieldKind::kAnnouncement, FieldKind::kFlag,
          FieldKind::kIntegers, FieldKind::kIds}) {
      const auto refusal = chat::protocol::check_field(&value, {name, kind, true});
      if (!refusal) {
        check_accepted(value, kind);
        continue;
      }
      CHAT_CHECK(refusal->code == Errno::kBadField);
      check_refusal(*refusal, chat::protocol::reply_to(static_cast<Msgid>(request.msgid)),
                    request.cid());
    }
  }
  if (const Value* password = request.find("password")) {
    const auto* text = std::get_if<std::string>(password);
    if (text != nullptr) (void)chat::protocol::password_fault(*text);
  }
  const bool cid_is_well_formed = !request.cid().empty() || request.find("cid") == nullptr;
  CHAT_CHECK(cid_is_well_formed == !chat::protocol::check_cid(request));
}

// Only the texts may be taken; a cid that was taken would be missing in the reply.
template <typename Message>
void check_decoding(Request request) {
  const std::string cid(request.cid());
  const auto message = chat::protocol::decode_request<Message>(request);
  CHAT_CHECK(request.cid() == cid);
  if (message) CHAT_CHECK(message->cid == cid);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame = chat::fuzz::as_text(data, size);
  const auto request = chat::protocol::parse_request(frame);
  if (!request) {
    check_parse_refusal(request.error());
    return 0;
  }
  CHAT_CHECK(json::accept(frame));
  check_round_trip(*request);
  check_with_escape(std::string(frame), *request);
  check_fields_of(*request);
  check_decoding<chat::protocol::messages::OneChat>(*request);
  check_decoding<chat::protocol::messages::Login>(*request);
  check_decoding<chat::protocol::messages::History>(*request);
  return 0;
}
