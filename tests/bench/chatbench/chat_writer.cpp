#include "chat_writer.h"

#include <array>
#include <string_view>

#include "bench/relay_protocol.h"

namespace chat::bench {
namespace {

using client::load::append_number;
using client::load::OpenFrame;

constexpr std::string_view kCid = ",\"cid\":\"";

void append_big_endian(std::string& out, std::uint32_t value) {
  std::array<char, 4> bytes{};
  store_big_endian(bytes.data(), value);
  out.append(bytes.data(), bytes.size());
}

std::int32_t number_of(Target target) {
  return target.group ? target.group.value : target.user.value;
}

}  // namespace

ChatWriter::ChatWriter(std::size_t text_bytes, bool to_relay) : to_relay_(to_relay) {
  text_ = ",\"msg\":\"";
  for (std::size_t i = 0; i < text_bytes; ++i) text_ += static_cast<char>('a' + i % 26);
  text_ += '"';
}

void ChatWriter::append(std::string& out, UserId sender, Target target,
                        const client::load::MessageId& id) const {
  if (to_relay_) return append_to_relay(out, sender, target, id);
  const OpenFrame frame(out);
  out += target.group ? "{\"msgid\":10,\"groupid\":" : "{\"msgid\":6,\"toid\":";
  append_number(out, number_of(target));
  out += text_;
  out += kCid;
  id.append_to(out);
  out += "\"}";
}

// Clients read a relayed frame as if a server had pushed it.
void ChatWriter::append_to_relay(std::string& out, UserId sender, Target target,
                                 const client::load::MessageId& id) const {
  const OpenFrame frame(out);
  const auto address = static_cast<std::uint32_t>(number_of(target));
  append_big_endian(out, target.group ? kRelayGroupBit | address : address);
  out += target.group ? "{\"msgid\":10,\"id\":" : "{\"msgid\":6,\"id\":";
  append_number(out, sender.value);
  out += target.group ? ",\"groupid\":" : ",\"toid\":";
  append_number(out, number_of(target));
  out += text_;
  out += ",\"seq\":";
  append_number(out, std::int64_t{id.number} + 1);
  out += kCid;
  id.append_to(out);
  out += "\"}";
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
