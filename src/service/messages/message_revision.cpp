#include "service/messages/message_revision.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "chat/protocol/json_writer.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/revision_messages.h"

namespace chat::service {
namespace {

using Json = nlohmann::ordered_json;
using storage::RevisedRow;

constexpr const char* kRecalled = "recalled";
constexpr const char* kEdited = "edited";
constexpr const char* kRev = "rev";

Json fields_of(const RevisedRow& row) {
  Json fields = Json::parse(row.extra, nullptr, false);
  return fields.is_object() ? fields : Json::object();
}

}  // namespace

Result<bool> MessageRevision::open(Seq seq) {
  auto row = rows_.lock(seq);
  if (!row) return fail(row);
  if (!*row) return false;
  message_ = std::move(**row);
  return true;
}

bool MessageRevision::is_recalled() const {
  return fields_of(message_).contains(kRecalled);
}

std::int64_t MessageRevision::edits() const {
  return fields_of(message_).value(kRev, std::int64_t{0});
}

bool MessageRevision::is_older(std::int64_t seconds, UnixMillis now) const {
  return seconds != 0 && now - message_.sent_at > seconds * 1000;
}

Result<RevisedRow> MessageRevision::newest() {
  if (message_.ref == 0) return message_;
  auto event = rows_.find(message_.ref);
  if (!event) return fail(event);
  return *event ? std::move(**event) : message_;
}

Result<std::optional<RevisedRow>> MessageRevision::event_named(std::string_view cid) {
  for (Seq seq = message_.ref; seq != 0;) {
    auto event = rows_.find(seq);
    if (!event || !*event || (*event)->cid == cid) return event;
    seq = storage::event_before(**event);
  }
  return std::nullopt;
}

std::string MessageRevision::fields(std::string_view kind) const {
  protocol::messages::RevisionFields fields{.ref = message_.seq};
  if (kind == kEditKind) fields.rev = fields_of(message_).value(kRev, Seq{0}) + 1;
  if (message_.ref != 0) fields.prev = message_.ref;
  std::string text;
  protocol::JsonWriter json(text);
  protocol::write_value(json, fields);
  return text;
}

Result<void> MessageRevision::recall(Seq event, UnixMillis at) {
  if (auto erased = rows_.erase_edits(message_.ref, at); !erased) return erased;
  Json fields = fields_of(message_);
  fields.erase(kEdited);
  fields.erase(kRev);
  fields[kRecalled] = at;
  message_.body.clear();
  message_.extra = fields.dump();
  message_.ref = event;
  return rows_.overwrite(message_);
}

Result<void> MessageRevision::edit(Seq event, UnixMillis at, std::string text) {
  Json fields = fields_of(message_);
  fields[kEdited] = at;
  fields[kRev] = fields.value(kRev, Seq{0}) + 1;
  message_.body = std::move(text);
  message_.extra = fields.dump();
  message_.ref = event;
  return rows_.overwrite(message_);
}

}  // namespace chat::service
