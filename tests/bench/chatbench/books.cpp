#include "books.h"

namespace chat::bench {
namespace {

constexpr std::size_t kStranger = SIZE_MAX;

}  // namespace

Ledger::Step Book::delivered(UserId to, const Push& push) {
  const std::size_t sender = push.group == group ? member(push.sender) : kStranger;
  return ledger.delivered(member(to), {sender, push.id->number, push.seq});
}

std::uint32_t Books::direct(UserId from, UserId to) {
  return number_of({{}, from, to}, 2, from);
}

std::uint32_t Books::of_group(GroupId group, UserId first, std::size_t members, UserId sender) {
  return number_of({group, sender, {}}, members, first);
}

// The stream's base is derived from its first message.
std::uint32_t Books::number_of(const Name& name, std::size_t members, UserId first) {
  const auto [place, made] = numbers_.try_emplace(name, static_cast<std::uint32_t>(books_.size()));
  if (made) {
    books_.push_back({Ledger(members), first, name.to, name.group});
    books_.back().ledger.begin_anywhere();
  }
  return place->second;
}

client::check::Verdict Books::verdict() const {
  client::check::Verdict sum;
  for (const Book& book : books_) sum += book.ledger.verdict();
  return sum;
}

}  // namespace chat::bench
