#pragma once

// Frames of the load generator's hot path, without a JSON library: they must cost much less here
// than in the server under measurement. Everything else uses core/wire and the catalogue.
//
// Writing: constant text is prepared once, and numbers are inserted. Reading: fields are found by
// searching for their names. This is correct only because nothing else in these frames can look
// like such a field: the texts and names in the benchmark's data contain no quotes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "client/core/contacts.h"

namespace chat::client::load {

// The number after `"key":`, or -1 if there is none. `key` includes the quotes and the colon; the
// search starts at `begin`.
std::int64_t find_number(std::string_view json, std::string_view key, std::size_t begin = 0);
// The text after `"key":"` (`key` is all of this), up to the next quote; empty if there is none.
std::string_view find_text(std::string_view json, std::string_view key);
// The first field of every frame of a server; -1 if it is missing.
std::int64_t msgid_of(std::string_view json);

// The identification in a message's cid: 24 hexadecimal digits.
struct MessageId {
  static constexpr std::size_t kBytes = 24;

  std::uint32_t run = 0;     // distinguishes this run's messages from older ones
  std::uint32_t stream = 0;  // its number in this run
  std::uint32_t number = 0;  // the message's number in the stream, in the order of sending

  void append_to(std::string& out) const;
  // Empty for any other cid.
  static std::optional<MessageId> read(std::string_view cid);
};

// A pushed chat: ONE_CHAT_MSG or GROUP_CHAT_MSG.
struct Push {
  UserId sender;
  GroupId group;  // 0 for a direct message
  Seq seq = 0;
  std::optional<MessageId> id;  // empty for messages that are not ours

  // The stream in which it is acknowledged.
  Target stream() const { return group ? Target{{}, group} : Target{sender, {}}; }
};

Push read_push(std::string_view json, bool of_group);
// The errno of a reply.
std::int64_t errno_of(std::string_view reply);
// The cid of a push or a reply; empty if it is not ours.
std::optional<MessageId> read_message_id(std::string_view json);

// A frame whose length is filled in when this goes out of scope. Only one at a time per string.
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
// A PING with its time in the cid, and that time from its reply.
void append_ping(std::string& out, base::SteadyTime time);
std::optional<base::SteadyTime> read_ping_time(std::string_view reply);

}  // namespace chat::client::load
