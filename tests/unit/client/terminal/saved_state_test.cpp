#include "client/terminal/settings/saved_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temp_dir.h"

namespace chat::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SavedStateTest : public ::testing::Test {
 protected:
  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  }

  chat::test::TempDir directory;
  const std::filesystem::path path = directory.path() / "state" / "chat";
  const SavedState::Server here{"127.0.0.1", 6000};
  SavedState state{path.string()};
};

TEST_F(SavedStateTest, LinesAreKeptAsTyped) {
  for (const char* line : {"/to bob", "hello", "hello", "two\nlines \\n", ""}) state.add_line(line);
  SavedState later(path.string());
  EXPECT_THAT(later.lines(), ElementsAre("/to bob", "hello", "two\nlines \\n", ""));
}

TEST_F(SavedStateTest, FilesAreForTheirOwnerOnly) {
  state.add_line("x");
  state.keep_token(here, {{{1}, "alice"}, "abc"});
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_EQ(mode_of(path / "history"), 0600U);
  EXPECT_EQ(mode_of(path / "tokens.json"), 0600U);
}

TEST_F(SavedStateTest, AFileOfOthersIsNotUsed) {
  state.keep_token(here, {{{1}, "alice"}, "abc"});
  std::filesystem::permissions(path / "tokens.json", std::filesystem::perms(0640));
  SavedState later(path.string());
  EXPECT_FALSE(later.token(here, {}));
  EXPECT_THAT(later.take_problem(), HasSubstr("tokens.json is not used"));
  EXPECT_EQ(later.take_problem(), "");
}

TEST_F(SavedStateTest, OldLinesAreDropped) {
  for (std::size_t i = 0; i <= SavedState::kLinesMost; ++i) state.add_line(std::to_string(i));
  const auto lines = state.lines();
  ASSERT_EQ(lines.size(), SavedState::kLinesMost);
  EXPECT_EQ(lines.front(), "1");
}

TEST_F(SavedStateTest, ATokenBelongsToAServerAndAUser) {
  state.keep_token(here, {{{1}, "alice"}, "a1"});
  state.keep_token(here, {{{2}, "bob"}, "b1"});
  state.keep_token({"::1", 6000}, {{{3}, "carol"}, "c1"});
  EXPECT_EQ(state.token(here, {})->token, "b1") << "the last used one";
  EXPECT_EQ(state.token(here, {{}, "alice"})->token, "a1");
  EXPECT_EQ(state.token(here, {{1}, ""})->user.name, "alice");
  EXPECT_FALSE(state.token(here, {{}, "carol"}));
  EXPECT_FALSE(state.token({"127.0.0.1", 6001}, {}));
  state.keep_token(here, {{{1}, "alice"}, "a2"});
  EXPECT_EQ(state.token(here, {})->token, "a2");
  state.drop_token(here, {1});
  EXPECT_EQ(state.token(here, {})->token, "b1");
}

TEST_F(SavedStateTest, DamagedFilesAreTakenForEmptyOnes) {
  state.keep_token(here, {{{1}, "alice"}, "a1"});
  for (const char* text : {"", "{", "[1, [], {\"host\": 5}]", "{}"}) {
    std::ofstream(path / "tokens.json") << text;
    EXPECT_FALSE(state.token(here, {})) << text;
    state.drop_token(here, {1});
    state.keep_token(here, {{{1}, "alice"}, "a1"});
    EXPECT_TRUE(state.token(here, {})) << text;
  }
}

TEST_F(SavedStateTest, WithoutADirectoryNothingIsKept) {
  SavedState nowhere("");
  nowhere.add_line("x");
  nowhere.keep_token(here, {{{1}, "alice"}, "a1"});
  EXPECT_THAT(nowhere.lines(), IsEmpty());
  EXPECT_FALSE(nowhere.token(here, {}));
  EXPECT_EQ(nowhere.take_problem(), "");
}

TEST_F(SavedStateTest, AProblemIsToldOnce) {
  std::ofstream(directory.path() / "file") << "";
  SavedState broken((directory.path() / "file" / "chat").string());
  broken.add_line("x");
  EXPECT_THAT(broken.take_problem(), HasSubstr("cannot create"));
  broken.add_line("y");
  EXPECT_EQ(broken.take_problem(), "");
}

}  // namespace
}  // namespace chat::client
