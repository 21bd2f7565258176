#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "client/check/ledger.h"
#include "client/load/frame_codec.h"

namespace chat::bench {

using client::check::Ledger;
using client::load::Push;

// The books of one stream: who its members are, and what became of its messages.
struct Book {
  Ledger ledger;
  UserId first;  // a group's members have ids in a row; in a direct stream the sender
  UserId other;  // the recipient of a direct stream
  GroupId group;

  // The user's number in the ledger; past the last member for a stranger.
  std::size_t member(UserId user) const {
    if (group) return static_cast<std::size_t>(user.value - first.value);
    return user == first ? 0U : user == other ? 1U : 2U;
  }
  Ledger::Step delivered(UserId to, const Push& push);
};

// The books of all streams of a load process, by number.
// Threading: confined to the poller's thread. Bounds: see Ledger.
class Books {
 public:
  // The number of a stream's book, which is created on first use.
  std::uint32_t direct(UserId from, UserId to);
  // The book of a group's messages or, as a relay has one stream per sender, of one sender's.
  std::uint32_t of_group(GroupId group, UserId first, std::size_t members, UserId sender = {});

  Book& operator[](std::uint32_t number) { return books_[number]; }
  // nullptr if no book has that number.
  Book* find(std::uint32_t number) { return number < books_.size() ? &books_[number] : nullptr; }

  client::check::Verdict verdict() const;

 private:
  struct Name {
    GroupId group;
    UserId from;
    UserId to;
    friend auto operator<=>(const Name&, const Name&) = default;
  };

  std::uint32_t number_of(const Name& name, std::size_t members, UserId first);

  std::deque<Book> books_;
  std::map<Name, std::uint32_t> numbers_;
};

}  // namespace chat::bench
