#pragma once

#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace chat::base {

// An option, a flag or an argument. Lives as long as its parser.
class Option {
 public:
  // Sees a value; returns what is wrong with it ("is empty"), or nothing.
  using Take = std::function<std::string(const std::string& value)>;

  explicit Option(CLI::Option& option) : option_(option) {}

  // What --help calls the value.
  Option& value_name(const std::string& name);
  Option& check(Take check);
  Option& required();
  // May be given several times.
  Option& repeatable();
  Option& needs(const Option& other);
  Option& excludes(const Option& other);
  // --help shows the value that the variable had when it was declared.
  Option& show_default();

 private:
  friend class OptionParser;

  CLI::Option& option_;
  std::string default_;
};

// Parses the command line of a program, and writes its --help. Options are declared with the
// variables that take their values:
//
//   OptionParser parser("chatclient", "chatclient: talk to a chat server");
//   parser.whole_number("--port,port", out.port, 1, 65535, "server's TCP port").show_default();
//   if (const auto code = parser.parse_or_leave(argc, argv)) return *code;
//
// Names are separated by commas: "-c,--config" is an option, "address" an argument, "--port,port"
// either. -h and --help are built in.
//
// The work is CLI11's. Its headers cost 5 s of compile time in each source that includes them, so
// only the source of this class does.
// Threading: externally synchronised. Ownership: the variables must outlive the parser.
class OptionParser {
 public:
  static constexpr int kExitUsage = 2;

  OptionParser(std::string program, std::string description);
  ~OptionParser();

  Option& flag(std::string_view names, bool& out, std::string help, bool value = true);
  Option& text(std::string_view names, std::string& out, std::string help);
  Option& texts(std::string_view names, std::vector<std::string>& out, std::string help);
  Option& number(std::string_view names, double& out, double least, double most, std::string help);
  template <std::integral T>
  Option& whole_number(std::string_view names, T& out, std::uint64_t least, std::uint64_t most,
                       std::string help) {
    const auto store = [&out](std::uint64_t value) { out = static_cast<T>(value); };
    Option& added = whole_number(names, store, least, most, std::move(help));
    added.default_ = std::to_string(out);
    return added;
  }
  Option& whole_number(std::string_view names, std::function<void(std::uint64_t)> store,
                       std::uint64_t least, std::uint64_t most, std::string help);
  // `take` stores the value, unless it returns what is wrong with it.
  Option& value(std::string_view names, Option::Take take, std::string help);

  // Adds a command with options of its own; those of this parser may come before or after it. If
  // there are commands, one must be given.
  OptionParser& command(const std::string& name, const std::string& help);
  const std::string& chosen_command() const { return chosen_; }

  // Adds --version, which prints the line.
  void set_version(const std::string& line);
  void set_footer(const std::string& text);

  // Nothing: run the program. Otherwise print this text, of --help or --version, and exit. Fails
  // with a sentence about the user's mistake. Call once.
  Result<std::optional<std::string>> parse(int argc, const char* const* argv);
  // Prints such a text or sentence, and returns the exit code, 0 or kExitUsage.
  std::optional<int> parse_or_leave(int argc, const char* const* argv);

  std::string help() const;

 private:
  explicit OptionParser(CLI::App& command);

  Option& add(CLI::Option* added);

  std::unique_ptr<CLI::App> owned_;  // nullptr: a command, owned by the program's
  CLI::App& app_;
  std::deque<Option> options_;
  std::vector<std::unique_ptr<OptionParser>> commands_;
  std::string chosen_;
};

// Checks for Option::check().
std::string is_file(const std::string& path);
Option::Take is_one_of(std::vector<std::string> words);

}  // namespace chat::base
