#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The mark that the check writes into each message, so that deliveries can be matched with what was
// sent.
namespace chat::client::check {

struct Mark {
  std::uint32_t stream = 0;  // its number in this run
  std::uint32_t sender = 0;  // the member's number in the stream
  std::uint32_t number = 0;  // the message's number in the stream, in the order of sending

  friend bool operator==(const Mark&, const Mark&) = default;
};

// The text of a message. `run` is the run's name, without spaces. The text ends in filler with
// UTF-8 characters of all lengths.
std::string text_of(std::string_view run, const Mark& mark);
// Empty unless the text is exactly what text_of() writes.
std::optional<Mark> read_text(std::string_view run, std::string_view text);

// The cid of a message. It contains the run, so that accounts that are used again can tell it from
// the cids of earlier runs.
std::string cid_of(std::string_view run, std::uint32_t number);
std::optional<std::uint32_t> read_cid(std::string_view run, std::string_view cid);

}  // namespace chat::client::check
