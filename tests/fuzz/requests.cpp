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
#include "chat/protocol/request.h"
#include "chat/protocol/utf8.h"
#include "fuzz_target.h"

namespace {

using chat::protocol::Errno;
using chat::protocol::FieldKind;
using chat::protocol::FieldSpec;
using chat::protocol::JsonWriter;
using chat::protocol::Msgid;
using chat::protocol::Nested;
using chat::protocol::Refusal;
using chat::protocol::Request;
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

struct WriteValue {
  JsonWriter& out;
  void operator()(std::nullptr_t) const { out.raw("null"); }
  void operator()(bool flag) const { out.value(flag); }
  void operator()(std::int64_t number) const { out.value(number); }
  void operator()(double number) const { out.raw(json(number).dump()); }
  void operator()(const std::string& text) const { out.value(std::string_view(text)); }
  void operator()(Nested) const { out.raw("{}"); }
};

std::string written(const Request& request) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  for (const auto& [name, value] : request.fields) {
    out.key(name);
    std::visit(WriteValue{out}, value);
  }
  out.end_object();
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

void check_accepted(const Request& request, const FieldSpec& spec) {
  const auto text = request.text(spec.name);
  const auto code_points = chat::protocol::count_code_points(text);
  switch (spec.kind) {
    case FieldKind::kId:
      CHAT_CHECK(request.user_id(spec.name).value >= 1);
      CHAT_CHECK(request.group_id(spec.name).value == request.integer(spec.name));
      return;
    case FieldKind::kInteger: CHAT_CHECK(request.integer(spec.name) >= 0); return;
    case FieldKind::kString: return;
    case FieldKind::kText:
      CHAT_CHECK(code_points >= 1 && code_points <= chat::protocol::kTextMaxCodePoints);
      return;
    case FieldKind::kName:
      CHAT_CHECK(code_points >= 1 && code_points <= chat::protocol::kNameMaxCodePoints);
      CHAT_CHECK(!chat::protocol::name_fault(text));
      return;
    case FieldKind::kGroupDesc:
      CHAT_CHECK(code_points <= chat::protocol::kGroupDescMaxCodePoints);
      CHAT_CHECK(!chat::protocol::has_control_characters(text));
      return;
    case FieldKind::kFlag: (void)request.flag(spec.name); return;
  }
}

void check_fields_of(const Request& request) {
  for (const auto& [name, value] : request.fields) {
    for (const auto kind :
         {FieldKind::kId, FieldKind::kInteger, FieldKind::kString, FieldKind::kText,
          FieldKind::kName, FieldKind::kGroupDesc, FieldKind::kFlag}) {
      const FieldSpec spec{name, kind, true};
      const auto refusal = chat::protocol::check_field(request, spec);
      if (!refusal) {
        check_accepted(request, spec);
        continue;
      }
      CHAT_CHECK(refusal->code == Errno::kBadField);
      check_refusal(*refusal, chat::protocol::reply_to(static_cast<Msgid>(request.msgid)),
                    request.cid());
    }
  }
  (void)chat::protocol::password_fault(request.text("password"));
  const bool cid_is_well_formed = !request.cid().empty() || request.find("cid") == nullptr;
  CHAT_CHECK(cid_is_well_formed == !chat::protocol::check_cid(request));
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
  return 0;
}
