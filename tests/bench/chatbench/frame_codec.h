#pragma once

// The frames that the load generator writes and reads, without a JSON library: it has to cost much
// less than the server that it measures.
//
// Writing: text that never changes is prepared once, numbers are put between. Reading: the fields
// of interest are looked for by their names. That is right only because nothing else in these
// frames can look like such a field: the texts and names in the benchmark's data have no quotes.
//
// Every chat carries a cid that says all about it (a Stamp), so whoever receives it can judge it
// without having seen it leave: another client, or another process.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "micros.h"

namespace chat::bench {

// The number after `"key":`, -1 when there is none. `key` is given with quotes and colon.
std::int64_t find_number(std::string_view json, std::string_view key);
// The text after `"key":"` (given so), up to the next quote; empty when there is none.
std::string_view find_text(std::string_view json, std::string_view key);

// The first field of every frame of a server; -1 when it isn't there.
std::int64_t msgid_of(std::string_view json);

// What a message says about itself in its cid: 26 hexadecimal digits.
struct Stamp {
  static constexpr std::size_t kBytes = 26;

  std::uint32_t run = 0;     // 16 bits that tell this run's messages from older ones
  std::uint64_t number = 0;  // the sender's messages are numbered from 1; 36 bits
  Micros sent = 0;           // when it was sent, or was to be sent; 52 bits

  void append_to(std::string& out) const;
  // Nothing for a cid of another kind.
  static std::optional<Stamp> read(std::string_view cid);
};

// A chat that has arrived: ONE_CHAT_MSG or GROUP_CHAT_MSG.
struct Push {
  std::int64_t sender = 0;
  std::int64_t group = 0;  // 0 for a direct one
  std::int64_t seq = 0;
  std::optional<Stamp> stamp;  // not for messages of others
};

Push read_push(std::string_view json, bool of_group);

// Calls `found(push)` for every chat in the offlinemsg of a LOGIN_MSG_ACK.
template <typename Found>
void for_each_offline(std::string_view login_ack, const Found& found) {
  constexpr std::string_view kBegin = "\"offlinemsg\":[";
  const auto begin = login_ack.find(kBegin);
  if (begin == std::string_view::npos) return;
  std::size_t at = begin + kBegin.size();
  while (at < login_ack.size() && login_ack[at] == '{') {
    const auto end = login_ack.find('}', at);
    if (end == std::string_view::npos) return;
    const std::string_view push = login_ack.substr(at, end + 1 - at);
    found(read_push(push, msgid_of(push) == 10));
    at = end + 2;  // past the brace and a comma
  }
}

// Appends a frame: the length, then `json`.
void append_frame(std::string& out, std::string_view json);
void append_number(std::string& out, std::uint64_t number);

std::string login_by_token(std::uint32_t user);
std::string login_by_password(std::uint32_t user, std::string_view password);
std::string logout(std::uint32_t user);

void append_ping(std::string& out, const Stamp& stamp);
// `group` tells whether `stream` is a group or a sender.
void append_delivered(std::string& out, bool group, std::int64_t stream, std::int64_t seq);

// Makes chats of one size. Threading: immutable after construction.
class ChatWriter {
 public:
  ChatWriter(std::size_t text_bytes, bool to_relay);

  // `target` is a user, or a group when `group`.
  void append(std::string& out, std::uint32_t sender, bool group, std::uint32_t target,
              const Stamp& stamp) const;

 private:
  void append_to_relay(std::string& out, std::uint32_t sender, bool group, std::uint32_t target,
                       const Stamp& stamp) const;

  std::string text_;  // with the keys around it
  bool to_relay_;
};

// The frames by which a client of the relay makes itself, or a group, known.
std::string relay_hello(std::uint32_t user);
std::string relay_group(std::uint32_t group, std::uint32_t first_member, std::uint32_t members);

}  // namespace chat::bench
