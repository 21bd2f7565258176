#include "client/load/frame_codec.h"

#include <array>
#include <charconv>

namespace chat::client::load {
namespace {

constexpr std::size_t kLengthBytes = 4;
// seq, ts and our cid are at the end of a push, after the text.
constexpr std::size_t kTailBytes = 90;

constexpr std::string_view kMsgidKey = "{\"msgid\":";
constexpr std::string_view kCidKey = "\"cid\":\"";
constexpr std::string_view kSeqKey = "\"seq\":";

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::uint8_t kNoDigit = 16;

constexpr std::array<std::uint8_t, 256> kDigitOf = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 16; ++i) out[static_cast<std::uint8_t>(kDigits[i])] = i;
  return out;
}();

// Writes all digits of the type, with leading zeros, from `to` on; returns their end.
template <typename Number>
char* write_hex(char* to, Number value) {
  constexpr int kDigitsOfNumber = static_cast<int>(sizeof value) * 2;
  for (int i = kDigitsOfNumber - 1; i >= 0; --i, value >>= 4) to[i] = kDigits[value & 15];
  return to + kDigitsOfNumber;
}

template <typename Number>
std::optional<Number> read_hex(std::string_view text) {
  Number value = 0;
  std::uint8_t all = 0;
  for (const char c : text) {
    const std::uint8_t digit = kDigitOf[static_cast<std::uint8_t>(c)];
    all |= digit;
    value = (value << 4) | (digit & 15U);
  }
  return all < 16 ? std::optional(value) : std::nullopt;
}

std::int64_t number_at(std::string_view json, std::size_t at) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(json.data() + at, json.data() + json.size(), value);
  return error == std::errc() ? value : -1;
}

std::string_view tail_of(std::string_view json) {
  return json.size() <= kTailBytes ? json : json.substr(json.size() - kTailBytes);
}

}  // namespace

std::int64_t find_number(std::string_view json, std::string_view key, std::size_t begin) {
  const auto at = json.find(key, begin);
  return at == std::string_view::npos ? -1 : number_at(json, at + key.size());
}

std::string_view find_text(std::string_view json, std::string_view key) {
  const auto at = json.find(key);
  if (at == std::string_view::npos) return {};
  const auto begin = at + key.size();
  const auto end = json.find('"', begin);
  return end == std::string_view::npos ? std::string_view() : json.substr(begin, end - begin);
}

std::int64_t msgid_of(std::string_view json) {
  return json.starts_with(kMsgidKey) ? number_at(json, kMsgidKey.size()) : -1;
}

void MessageId::append_to(std::string& out) const {
  std::array<char, kBytes> digits;
  write_hex(write_hex(write_hex(digits.data(), run), stream), number);
  out.append(digits.data(), digits.size());
}

std::optional<MessageId> MessageId::read(std::string_view cid) {
  if (cid.size() != kBytes) return std::nullopt;
  const auto run = read_hex<std::uint32_t>(cid.substr(0, 8));
  const auto stream = read_hex<std::uint32_t>(cid.substr(8, 8));
  const auto number = read_hex<std::uint32_t>(cid.substr(16));
  if (!run || !stream || !number) return std::nullopt;
  return MessageId{*run, *stream, *number};
}

Push read_push(std::string_view json, bool of_group) {
  Push push;
  push.sender.value = static_cast<std::int32_t>(find_number(json, "\"id\":", kMsgidKey.size()));
  push.seq = find_number(tail_of(json), kSeqKey);
  if (push.seq < 0) push.seq = find_number(json, kSeqKey);
  push.id = read_message_id(json);
  if (of_group) push.group.value = static_cast<std::int32_t>(find_number(json, "\"groupid\":"));
  return push;
}

std::int64_t errno_of(std::string_view reply) {
  return find_number(reply, "\"errno\":", kMsgidKey.size());
}

// Our cid is the last field.
std::optional<MessageId> read_message_id(std::string_view json) {
  constexpr std::size_t kFieldBytes = kCidKey.size() + MessageId::kBytes + 2;
  if (json.size() < kFieldBytes) return std::nullopt;
  const std::string_view field = json.substr(json.size() - kFieldBytes);
  if (!field.starts_with(kCidKey) || !field.ends_with("\"}")) return std::nullopt;
  return MessageId::read(field.substr(kCidKey.size(), MessageId::kBytes));
}

OpenFrame::OpenFrame(std::string& out) : out_(out), begin_(out.size()) {
  out_.append(kLengthBytes, '\0');
}

OpenFrame::~OpenFrame() {
  const std::size_t length = out_.size() - begin_ - kLengthBytes;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    out_[begin_ + i] = static_cast<char>(length >> (8 * (kLengthBytes - 1 - i)));
  }
}

void append_number(std::string& out, std::int64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_delivered(std::string& out, Target stream, Seq seq) {
  const OpenFrame frame(out);
  out += stream.group ? "{\"msgid\":22,\"groupid\":" : "{\"msgid\":22,\"from\":";
  append_number(out, stream.group ? stream.group.value : stream.user.value);
  out += ",\"seq\":";
  append_number(out, seq);
  out += '}';
}

void append_ping(std::string& out, base::SteadyTime time) {
  const OpenFrame frame(out);
  out += "{\"msgid\":21,\"cid\":\"";
  std::array<char, 16> digits;
  write_hex(digits.data(), static_cast<std::uint64_t>(time.time_since_epoch().count()));
  out.append(digits.data(), digits.size());
  out += "\"}";
}

std::optional<base::SteadyTime> read_ping_time(std::string_view reply) {
  const std::string_view cid = find_text(reply, kCidKey);
  const auto count = cid.empty() ? std::nullopt : read_hex<std::uint64_t>(cid);
  if (!count) return std::nullopt;
  return base::SteadyTime(base::SteadyTime::duration(static_cast<std::int64_t>(*count)));
}

}  // namespace chat::client::load
