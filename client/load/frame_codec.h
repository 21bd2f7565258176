#pragma once

// The frames of a load generator's hot path, without a JSON library: it has to cost much less than
// the server that it measures. Everything else goes through core/wire and the catalogue.
//
// Writing: text that never changes is prepared once, numbers are put between. Reading: the fields
// of interest are looked for by their names. That is right only because nothing else in these
// frames can look like such a field: the texts and names in the benchmark's data have no quotes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "client/core/contacts.h"

namespace chat::client::load {

// The number after `"key":`, -1 when there is none. `key` is given with quotes and colon, and
// looked for from `begin` on.
std::int64_t find_number(std::string_view json, std::string_view key, std::size_t begin = 0);
// The text after `"key":"` (given so), up to the next quote; empty when there is none.
std::string_view find_text(std::string_view json, std::string_view key);
// The first field of every frame of a server; -1 when it isn't there.
std::int64_t msgid_of(std::string_view json);

// What a message says about itself in its cid: 24 hexadecimal digits.
struct MessageId {
  static constexpr std::size_t kBytes = 24;

  std::uint32_t run = 0;     // tells this run's messages from older ones
  std::uint32_t stream = 0;  // its number in this run
  std::uint32_t number = 0;  // the message's in the stream, in the order of sending

  void append_to(std::string& out) const;
  // Nothing for a cid of another kind.
  static std::optional<MessageId> read(std::string_view cid);
};

// A chat that has arrived: ONE_CHAT_MSG or GROUP_CHAT_MSG.
struct Push {
  UserId sender;
  GroupId group;  // names nothing for a direct one
  Seq seq = 0;
  std::optional<MessageId> id;  // not for messages of others

  // By which it is acknowledged.
  Target stream() const { return group ? Target{{}, group} : Target{sender, {}}; }
};

Push read_push(std::string_view json, bool of_group);
// The errno of a reply.
std::int64_t errno_of(std::string_view reply);
// The cid of a push or a reply; nothing where it is none of ours.
std::optional<MessageId> read_message_id(std::string_view json);

// A frame whose length is written once it is complete, when this goes out of scope. Only one at a
// time, on one string.
class OpenFrame {
 public:
  explicit OpenFrame(std::string& out);
  ~OpenFrame();
  OpenFrame(const OpenFrame&) = delete;
  OpenFrame& operator=(const OpenFrame&) = delete;

 private:
  std::string& out_;
  const std::size_t begin_;
};

void append_number(std::string& out, std::int64_t number);
// DELIVERED.
void append_delivered(std::string& out, Target stream, Seq seq);
// PING, with its time in the cid; and that time from its reply.
void append_ping(std::string& out, base::SteadyTime time);
std::optional<base::SteadyTime> read_ping_time(std::string_view reply);

}  // namespace chat::client::load
