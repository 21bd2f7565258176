// The bank of bad inputs against one server: each row gets the reply specified in PROTOCOL.md,
// others are not affected, and the server's resources are unchanged at the end.
#include <gtest/gtest.h>

#include <exception>
#include <set>

#include "stage.h"

namespace chat::test::bank {
namespace {

constexpr std::size_t kRowsAtLeast = 120;

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (const auto part : {framing_rows(), json_rows(), unicode_rows(), number_rows(), name_rows(),
                          text_rows(), stranger_rows(), order_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

// A failure of one row must not prevent the others.
template <typename Play>
void play(Stage& stage, const Row& row, const std::string& framing, Play play_row) {
  SCOPED_TRACE("row: " + row.name + " (" + framing + ")");
  try {
    play_row();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  try {
    stage.expect_good_service();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "others: " << error.what();
  }
}

void play_everywhere(Stage& stage, const Row& row) {
  for (const Wire wire : {Wire::kText, Wire::kBinary}) {
    if (row.way != Way::kFramed && (row.way == Way::kBinary) != (wire == Wire::kBinary)) continue;
    play(stage, row, to_string(wire), [&] { stage.play(row, wire); });
  }
  if (Stage::is_for_classic(row)) {
    play(stage, row, "classic", [&] { stage.play_classic(row); });
  }
}

TEST(InputBank, HasEnoughDistinctRows) {
  std::set<std::string> names;
  for (const Row& row : all_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << "twice: " << row.name;
    EXPECT_FALSE(row.sent.empty()) << row.name;
    EXPECT_TRUE(!row.answers.empty() || row.then != Then::kStay) << row.name << " expects nothing";
  }
  EXPECT_GE(names.size(), kRowsAtLeast);
}

TEST(InputBank, EveryRowGetsItsReplyAndHarmsNobody) {
  Stage stage;
  for (const Row& row : all_rows()) play_everywhere(stage, row);
  stage.expect_unharmed();
}

}  // namespace
}  // namespace chat::test::bank
