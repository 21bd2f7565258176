#pragma once

// The protocol between the load generator and the bare relay.
//
// The relay is the yardstick that a chat server is measured against: it moves the same bytes
// between the same sockets and does nothing else. No JSON, no database, no acknowledgement.
//
// A frame is a 4-byte big-endian length N (4 <= N <= kRelayFrameMaxBytes) and N bytes of payload,
// as in the chat server's binary framing. The first 4 bytes of the payload are a big-endian id:
//
// hello: the first frame of a connection. The payload is those 4 bytes alone: the connection's own
// id, 1 … kRelayUserIdMax. The relay sends the frame back unchanged once the id is registered, so a
// client knows when others may send to it. A second hello under a taken id moves the id to the
// newer connection.
//
// group: id = kRelayGroupFrame, then three big-endian 4-byte numbers: the group's number g
// (1 … kRelayGroupMax), the first member's id, the number of members. The members are consecutive
// ids and need not be connected yet. The relay sends the frame back unchanged once the group is
// registered; registering g again replaces it.
//
// message: any other id, then whatever the sender likes. The relay writes the whole frame,
// unchanged, to the connection registered under that id. With the top bit set the id is
// kRelayGroupBit | g: every member of group g gets the frame, but for the connection that sent it.
// To an id or a group that isn't there: dropped silently.
//
// Frames of one connection are taken, and forwarded to any one target, in the order they came.
// The relay never drops a frame for a slow reader: it keeps what the socket doesn't take. A
// frame that breaks these rules (a length out of range, a first frame that is no hello) ends the
// connection.
//
// Both ends set TCP_NODELAY.

#include <cstddef>
#include <cstdint>

namespace chat::bench {

inline constexpr std::size_t kRelayLengthBytes = 4;
inline constexpr std::size_t kRelayIdBytes = 4;
inline constexpr std::size_t kRelayFrameMaxBytes = 65536;

inline constexpr std::uint32_t kRelayUserIdMax = 0x7fffffff;
inline constexpr std::uint32_t kRelayGroupBit = 0x80000000;
inline constexpr std::uint32_t kRelayGroupMax = 0x7ffffffe;
inline constexpr std::uint32_t kRelayGroupFrame = 0xffffffff;

// Payload bytes of the two frames that aren't messages.
inline constexpr std::size_t kRelayHelloBytes = kRelayIdBytes;
inline constexpr std::size_t kRelayGroupFrameBytes = 4 * kRelayIdBytes;

inline std::uint32_t load_big_endian(const char* bytes) {
  const auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return (std::uint32_t{b[0]} << 24) | (std::uint32_t{b[1]} << 16) | (std::uint32_t{b[2]} << 8) |
         std::uint32_t{b[3]};
}

inline void store_big_endian(char* bytes, std::uint32_t value) {
  bytes[0] = static_cast<char>(value >> 24);
  bytes[1] = static_cast<char>(value >> 16);
  bytes[2] = static_cast<char>(value >> 8);
  bytes[3] = static_cast<char>(value);
}

}  // namespace chat::bench
