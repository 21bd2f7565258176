// The main function of a program whose tests are divided by file among several meson tests:
// $CHAT_TEST_FILES lists the files to run, separated by colons. Without it, or with a filter, it
// behaves like gtest_main.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>
#include <string>

namespace {

std::set<std::string> wanted_files() {
  const char* names = std::getenv("CHAT_TEST_FILES");
  std::istringstream rest(names == nullptr ? "" : names);
  std::set<std::string> files;
  for (std::string name; std::getline(rest, name, ':');) files.insert(name);
  return files;
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// Leaves in `files` those without tests.
std::string filter_of(std::set<std::string>& files) {
  const std::set<std::string> wanted = files;
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  std::string filter;
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const ::testing::TestInfo& test = *suite.GetTestInfo(j);
      const std::string file = file_name(test.file());
      if (!wanted.contains(file)) continue;
      files.erase(file);
      filter += std::string(suite.name()) + "." + test.name() + ":";
    }
  }
  return filter;
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  std::set<std::string> files = wanted_files();
  if (!files.empty() && GTEST_FLAG_GET(filter) == "*") {
    GTEST_FLAG_SET(filter, filter_of(files));
    for (const std::string& file : files) std::cerr << "no test is in " << file << "\n";
    if (!files.empty()) return 1;
  }
  return RUN_ALL_TESTS();
}
