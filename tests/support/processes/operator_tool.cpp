#include "operator_tool.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "support/temp_dir.h"

namespace chat::test {

std::string OperatorTool::path() {
  const char* path = std::getenv("CHATCTL");
  if (path == nullptr) throw std::runtime_error("$CHATCTL must name the chatctl program");
  return path;
}

RunResult OperatorTool::run(const std::vector<std::string>& words) const {
  return run_with_input(words, "");
}

RunResult OperatorTool::run_with_input(const std::vector<std::string>& words,
                                       const std::string& input) const {
  const TempDir dir;
  std::ofstream(dir.file("input")) << input;
  std::vector<std::string> argv = {
      "/bin/sh",  "-c",   R"(in=$1; shift; exec "$@" <"$in")", "sh", dir.file("input"), path(),
      "--socket", socket_};
  argv.insert(argv.end(), words.begin(), words.end());
  return run_to_end(argv);
}

Json OperatorTool::ask(std::vector<std::string> words) const {
  words.insert(words.begin(), "--json");
  const RunResult result = run(words);
  if (result.exit_code != 0) throw std::runtime_error("chatctl: " + result.errors);
  return Json::parse(result.output);
}

}  // namespace chat::test
