#include "delivery/events/envelope.h"

#include <charconv>
#include <utility>

namespace chat::delivery {
namespace {

// Removes a number of at least `least` from the front of `head`, and a space after it if more
// follows.
template <typename Number>
bool take(std::string_view& head, Number& number, Number least = 1) {
  const char* const end = head.data() + head.size();
  const auto [stop, error] = std::from_chars(head.data(), end, number);
  if (error != std::errc() || number < least) return false;
  head.remove_prefix(static_cast<std::size_t>(stop - head.data()));
  if (head.empty()) return true;
  if (head.front() != ' ' || head.size() == 1) return false;
  head.remove_prefix(1);
  return true;
}

std::shared_ptr<const std::string> share(std::string_view json) {
  return std::make_shared<const std::string>(json);
}

}  // namespace

std::string encode(const Push& push) {
  const bool group = push.stream.is_group();
  std::string payload = group ? "m g " : "m d ";
  payload += std::to_string(group ? push.stream.group().value : push.stream.sender().value) + ' ';
  payload += std::to_string(push.seq) + ' ' + std::to_string(push.sender.value);
  payload += push.is_event ? " 2 " : push.receipt_wanted ? " 1 " : " 0 ";
  payload += std::to_string(push.sent_at) + ' ' + std::to_string(push.ended.value) + '\n';
  return payload += *push.json;
}

std::string encode(const PresenceEnvelope& presence) {
  return "p " + std::to_string(presence.user.value) + '\n';
}

std::string encode(const EventEnvelope& event) {
  const std::string about = std::to_string(event.about.value);
  if (!event.receipt) {
    const std::string mark = event.mark == 0 ? "" : ' ' + std::to_string(event.mark);
    return "e " + about + mark + '\n' + *event.json;
  }
  const Receipt& receipt = *event.receipt;
  std::string payload = "r " + about + ' ' + std::to_string(receipt.target.group().value) + ' ';
  payload += std::to_string(receipt.target.sender().value);
  payload += receipt.kind == ReceiptKind::kRead ? " 1 " : " 0 ";
  return payload += std::to_string(receipt.seq) + '\n';
}

std::string encode(const TakeoverEnvelope& takeover) {
  return (takeover.gone ? "g " : "t ") + std::to_string(takeover.epoch) + '\n';
}

std::string encode(const KickedEnvelope& /*kicked*/) {
  return "k\n";
}

std::string encode(const DeletedEnvelope& deleted) {
  return "d " + std::to_string(deleted.user.value) + '\n';
}

std::string encode(const StreamsEnvelope& streams) {
  return "s " + std::to_string(streams.user.value) + '\n';
}

std::string encode(const BeatEnvelope& beat) {
  std::string payload = "b " + std::to_string(beat.node.value) + ' ';
  return payload += std::to_string(beat.epoch) + ' ' + std::to_string(beat.number) + '\n';
}

std::string encode(const EndedEnvelope& ended) {
  return "x " + std::to_string(ended.node.value) + ' ' + std::to_string(ended.epoch) + '\n';
}

std::string encode(const TypingEnvelope& typing) {
  return "y " + std::to_string(typing.from.value) + (typing.on ? " 1\n" : " 0\n");
}

namespace {

std::optional<Envelope> decode_presence(std::string_view head) {
  PresenceEnvelope presence;
  head.remove_prefix(2);
  if (!take(head, presence.user.value) || !head.empty()) return std::nullopt;
  return presence;
}

std::optional<Envelope> decode_event(std::string_view head, std::string_view json) {
  EventEnvelope event;
  head.remove_prefix(2);
  if (!take(head, event.about.value, 0)) return std::nullopt;
  // Earlier versions send no mark.
  if (!head.empty() && (!take(head, event.mark) || !head.empty())) return std::nullopt;
  event.json = share(json);
  return event;
}

std::optional<Envelope> decode_receipt(std::string_view head) {
  UserId except;
  GroupId group;
  UserId other;
  int read = 0;
  Seq seq = 0;
  head.remove_prefix(2);
  if (!take(head, except.value, 0) || !take(head, group.value, 0) || !take(head, other.value, 0) ||
      !take(head, read, 0) || !take(head, seq) || !head.empty()) {
    return std::nullopt;
  }
  if (static_cast<bool>(group) == static_cast<bool>(other)) return std::nullopt;
  const StreamKey target = group ? StreamKey::of(group) : StreamKey::from(other);
  const Receipt receipt{target, read != 0 ? ReceiptKind::kRead : ReceiptKind::kDelivered, seq};
  return EventEnvelope{except, share(receipt_json(receipt)), receipt};
}

std::optional<Envelope> decode_takeover(std::string_view head) {
  TakeoverEnvelope takeover;
  takeover.gone = head.starts_with('g');
  head.remove_prefix(2);
  if (!take(head, takeover.epoch) || !head.empty()) return std::nullopt;
  return takeover;
}

std::optional<Envelope> decode_deleted(std::string_view head) {
  DeletedEnvelope deleted;
  head.remove_prefix(2);
  if (!take(head, deleted.user.value) || !head.empty()) return std::nullopt;
  return deleted;
}

std::optional<Envelope> decode_streams(std::string_view head) {
  StreamsEnvelope streams;
  head.remove_prefix(2);
  if (!take(head, streams.user.value) || !head.empty()) return std::nullopt;
  return streams;
}

std::optional<Envelope> decode_beat(std::string_view head) {
  BeatEnvelope beat;
  head.remove_prefix(2);
  if (!take(head, beat.node.value) || !take(head, beat.epoch) || !take(head, beat.number) ||
      !head.empty()) {
    return std::nullopt;
  }
  return beat;
}

std::optional<Envelope> decode_ended(std::string_view head) {
  EndedEnvelope ended;
  head.remove_prefix(2);
  if (!take(head, ended.node.value) || !take(head, ended.epoch) || !head.empty()) {
    return std::nullopt;
  }
  return ended;
}

std::optional<Envelope> decode_typing(std::string_view head) {
  TypingEnvelope typing;
  int on = 0;
  head.remove_prefix(2);
  if (!take(head, typing.from.value) || !take(head, on, 0) || !head.empty()) return std::nullopt;
  typing.on = on != 0;
  return typing;
}

std::optional<Envelope> decode_push(std::string_view head, std::string_view json) {
  const bool group = head.starts_with("m g ");
  head.remove_prefix(4);
  std::int32_t id = 0;
  Seq seq = 0;
  UserId sender;
  int mode = 0;  // 2: an event; 1: a receipt is wanted
  UnixMillis sent_at = 0;
  UserId ended;
  if (!take(head, id) || !take(head, seq) || !take(head, sender.value) || !take(head, mode, 0) ||
      !take(head, sent_at, UnixMillis{0}) || !take(head, ended.value, 0) || !head.empty()) {
    return std::nullopt;
  }
  const StreamKey stream = group ? StreamKey::of(GroupId{id}) : StreamKey::from(UserId{id});
  return Push{stream, seq, sender, sent_at, share(json), mode == 1, ended, mode == 2};
}

}  // namespace

std::optional<Envelope> decode(std::string_view payload) {
  const auto line_end = payload.find('\n');
  if (line_end == std::string_view::npos) return std::nullopt;
  const std::string_view head = payload.substr(0, line_end);
  const std::string_view json = payload.substr(line_end + 1);
  if (head.starts_with("p ")) return decode_presence(head);
  if (head.starts_with("e ")) return decode_event(head, json);
  if (head.starts_with("r ")) return decode_receipt(head);
  if (head.starts_with("t ") || head.starts_with("g ")) return decode_takeover(head);
  if (head == "k") return KickedEnvelope{};
  if (head.starts_with("d ")) return decode_deleted(head);
  if (head.starts_with("s ")) return decode_streams(head);
  if (head.starts_with("b ")) return decode_beat(head);
  if (head.starts_with("x ")) return decode_ended(head);
  if (head.starts_with("y ")) return decode_typing(head);
  if (head.starts_with("m g ") || head.starts_with("m d ")) return decode_push(head, json);
  return std::nullopt;
}

}  // namespace chat::delivery
