// Which book a message of the benchmark belongs to, and what the book records.
#include "tests/bench/chatbench/books.h"

#include <gtest/gtest.h>

namespace chat::bench {
namespace {

const base::SteadyTime kNow{};

Push push(UserId sender, GroupId group, Seq seq, std::uint32_t stream, std::uint32_t number) {
  return {sender, group, seq, client::load::MessageId{1, stream, number}};
}

TEST(Books, EachStreamHasABookOfItsOwn) {
  Books books;
  const std::uint32_t there = books.direct(UserId{1}, UserId{2});
  const std::uint32_t back = books.direct(UserId{2}, UserId{1});
  const std::uint32_t group = books.of_group(GroupId{1}, UserId{1}, 3);
  EXPECT_NE(there, back);
  EXPECT_NE(there, group);
  EXPECT_EQ(books.direct(UserId{1}, UserId{2}), there);
  EXPECT_EQ(books.of_group(GroupId{1}, UserId{1}, 3), group);
  EXPECT_NE(books.of_group(GroupId{1}, UserId{1}, 3, UserId{2}), group);
  EXPECT_NE(books.find(group), nullptr);
  EXPECT_EQ(books.find(99), nullptr);
}

TEST(Books, DirectMessageBelongsToItsRecipient) {
  Books books;
  const std::uint32_t number = books.direct(UserId{1}, UserId{2});
  Book& book = books[number];
  book.ledger.sent(book.member(UserId{1}), kNow);
  EXPECT_FALSE(book.delivered(UserId{3}, push(UserId{1}, {}, 501, number, 0)).fresh);
  EXPECT_FALSE(book.delivered(UserId{2}, push(UserId{2}, {}, 501, number, 0)).fresh);
  EXPECT_FALSE(book.delivered(UserId{2}, push(UserId{1}, GroupId{1}, 501, number, 0)).fresh);
  EXPECT_EQ(books.verdict().unexpected, 3U);
  EXPECT_TRUE(book.delivered(UserId{2}, push(UserId{1}, {}, 501, number, 0)).fresh);
  EXPECT_TRUE(book.ledger.acked(0, 501).complete);
  EXPECT_EQ(books.verdict().violations(), 3U);
}

TEST(Books, GroupMembersHaveConsecutiveIds) {
  Books books;
  const std::uint32_t number = books.of_group(GroupId{7}, UserId{10}, 3);
  Book& book = books[number];
  book.ledger.sent(book.member(UserId{11}), kNow);
  book.ledger.acked(0, 9);
  EXPECT_FALSE(book.delivered(UserId{13}, push(UserId{11}, GroupId{7}, 9, number, 0)).fresh);
  EXPECT_FALSE(book.delivered(UserId{10}, push(UserId{12}, GroupId{7}, 9, number, 0)).fresh);
  EXPECT_EQ(books.verdict().unexpected, 2U);
  EXPECT_FALSE(book.delivered(UserId{10}, push(UserId{11}, GroupId{7}, 9, number, 0)).complete);
  EXPECT_TRUE(book.delivered(UserId{12}, push(UserId{11}, GroupId{7}, 9, number, 0)).complete);
  EXPECT_EQ(books.verdict().lost, 0U);
}

}  // namespace
}  // namespace chat::bench
