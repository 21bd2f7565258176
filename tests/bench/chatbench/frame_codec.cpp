#include "frame_codec.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "bench/relay_protocol.h"

namespace chat::bench {
namespace {

// seq, ts and cid stand at the end of a push, behind the text.
constexpr std::size_t kTailBytes = 160;

constexpr std::string_view kMsgid = "{\"msgid\":";

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[(value >> shift) & 15];
  }
}

std::optional<std::uint64_t> read_hex(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    value = (value << 4) | static_cast<std::uint64_t>(digit);
  }
  return value;
}

std::int64_t number_at(std::string_view json, std::size_t at) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(json.data() + at, json.data() + json.size(), value);
  return error == std::errc() ? value : -1;
}

std::string_view tail_of(std::string_view json) {
  return json.size() <= kTailBytes ? json : json.substr(json.size() - kTailBytes);
}

// Room for a length that is known once the frame is complete.
std::size_t begin_frame(std::string& out) {
  out.append(kRelayLengthBytes, '\0');
  return out.size();
}

void end_frame(std::string& out, std::size_t begin) {
  store_big_endian(out.data() + begin - kRelayLengthBytes,
                   static_cast<std::uint32_t>(out.size() - begin));
}

void append_big_endian(std::string& out, std::uint32_t value) {
  std::array<char, 4> bytes{};
  store_big_endian(bytes.data(), value);
  out.append(bytes.data(), bytes.size());
}

std::string framed(std::string_view json) {
  std::string out;
  append_frame(out, json);
  return out;
}

}  // namespace

std::int64_t find_number(std::string_view json, std::string_view key) {
  const auto at = json.find(key);
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
  return json.starts_with(kMsgid) ? number_at(json, kMsgid.size()) : -1;
}

void Stamp::append_to(std::string& out) const {
  append_hex(out, run, 4);
  append_hex(out, number, 9);
  append_hex(out, static_cast<std::uint64_t>(sent), 13);
}

std::optional<Stamp> Stamp::read(std::string_view cid) {
  if (cid.size() != kBytes) return std::nullopt;
  const auto run = read_hex(cid.substr(0, 4));
  const auto number = read_hex(cid.substr(4, 9));
  const auto sent = read_hex(cid.substr(13));
  if (!run || !number || !sent) return std::nullopt;
  return Stamp{static_cast<std::uint32_t>(*run), *number, static_cast<Micros>(*sent)};
}

Push read_push(std::string_view json, bool of_group) {
  Push push;
  push.sender = find_number(json, "\"id\":");
  const std::string_view tail = tail_of(json);
  push.seq = find_number(tail, "\"seq\":");
  push.stamp = Stamp::read(find_text(tail, "\"cid\":\""));
  if (of_group) push.group = find_number(json, "\"groupid\":");
  return push;
}

void append_frame(std::string& out, std::string_view json) {
  append_big_endian(out, static_cast<std::uint32_t>(json.size()));
  out += json;
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

std::string login_by_token(std::uint32_t user) {
  std::string json = "{\"msgid\":1,\"token\":\"";
  json.append(48, '0');
  append_hex(json, user, 16);
  return framed(json + "\",\"ack\":true}");
}

std::string login_by_password(std::uint32_t user, std::string_view password) {
  return framed("{\"msgid\":1,\"id\":" + std::to_string(user) + ",\"password\":\"" +
                std::string(password) + "\",\"ack\":true,\"takeover\":true}");
}

std::string logout(std::uint32_t user) {
  return framed("{\"msgid\":3,\"id\":" + std::to_string(user) + "}");
}

void append_ping(std::string& out, const Stamp& stamp) {
  const std::size_t begin = begin_frame(out);
  out += "{\"msgid\":21,\"cid\":\"";
  stamp.append_to(out);
  out += "\"}";
  end_frame(out, begin);
}

void append_delivered(std::string& out, bool group, std::int64_t stream, std::int64_t seq) {
  const std::size_t begin = begin_frame(out);
  out += group ? "{\"msgid\":22,\"groupid\":" : "{\"msgid\":22,\"from\":";
  append_number(out, static_cast<std::uint64_t>(stream));
  out += ",\"seq\":";
  append_number(out, static_cast<std::uint64_t>(seq));
  out += '}';
  end_frame(out, begin);
}

ChatWriter::ChatWriter(std::size_t text_bytes, bool to_relay) : to_relay_(to_relay) {
  text_ = ",\"msg\":\"";
  for (std::size_t i = 0; i < text_bytes; ++i) text_ += static_cast<char>('a' + i % 26);
  text_ += "\",\"cid\":\"";
}

void ChatWriter::append(std::string& out, std::uint32_t sender, bool group, std::uint32_t target,
                        const Stamp& stamp) const {
  if (to_relay_) return append_to_relay(out, sender, group, target, stamp);
  const std::size_t begin = begin_frame(out);
  out += group ? "{\"msgid\":10,\"groupid\":" : "{\"msgid\":6,\"toid\":";
  append_number(out, target);
  out += text_;
  stamp.append_to(out);
  out += "\"}";
  end_frame(out, begin);
}

// What a relay forwards is read as if a server had pushed it.
void ChatWriter::append_to_relay(std::string& out, std::uint32_t sender, bool group,
                                 std::uint32_t target, const Stamp& stamp) const {
  const std::size_t begin = begin_frame(out);
  append_big_endian(out, group ? kRelayGroupBit | target : target);
  out += group ? "{\"msgid\":10,\"id\":" : "{\"msgid\":6,\"id\":";
  append_number(out, sender);
  out += group ? ",\"groupid\":" : ",\"toid\":";
  append_number(out, target);
  out += text_;
  stamp.append_to(out);
  out += "\",\"seq\":";
  append_number(out, stamp.number);
  out += '}';
  end_frame(out, begin);
}

std::string relay_hello(std::uint32_t user) {
  std::string out;
  append_big_endian(out, kRelayHelloBytes);
  append_big_endian(out, user);
  return out;
}

std::string relay_group(std::uint32_t group, std::uint32_t first_member, std::uint32_t members) {
  std::string out;
  append_big_endian(out, kRelayGroupFrameBytes);
  append_big_endian(out, kRelayGroupFrame);
  append_big_endian(out, group);
  append_big_endian(out, first_member);
  append_big_endian(out, members);
  return out;
}

}  // namespace chat::bench
