#include "chat/base/spare_strings.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chat/base/rare_string.h"

namespace chat::base {
namespace {

TEST(SpareStrings, EmptiedTextKeepsItsMemoryForTheNext) {
  SpareStrings spare;
  RareString first;
  RareString second;
  std::string& text = first.writable(spare);
  text.assign(5000, 'x');
  const char* const memory = text.data();
  EXPECT_EQ(&first.writable(spare), &text);
  first.clear(spare);
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(spare.size(), 1U);
  EXPECT_TRUE(second.writable(spare).empty());
  second.writable(spare).assign(4000, 'y');
  EXPECT_EQ(second.view().data(), memory);
  EXPECT_EQ(spare.size(), 0U);
}

TEST(SpareStrings, LongTextsAndMoreThanTheBoundAreFreed) {
  SpareStrings spare;
  RareString text;
  text.clear(spare);  // it has no memory
  text.writable(spare).assign(SpareStrings::kBytesMax + 1, 'x');
  text.clear(spare);
  EXPECT_EQ(spare.size(), 0U);
  std::vector<RareString> many(SpareStrings::kMax + 10);
  for (RareString& one : many) one.writable(spare).assign(100, 'x');
  for (RareString& one : many) one.clear(spare);
  EXPECT_EQ(spare.size(), SpareStrings::kMax);
  spare.free_all();
  EXPECT_EQ(spare.size(), 0U);
}

}  // namespace
}  // namespace chat::base
