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

namespace chat::base {

// An option, a flag or an argument. Lives as long as its parser.
class Option {
 public:
  // Sees a value; returns what is wrong with it ("is empty"), or nothing.
  using Take = std::function<std::string(const std::string& value)>;

  // What --help calls the value.
  Option& value_name(std::string name);
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

  bool is_flag() const { return value_name_.empty(); }
  bool is_argument() const { return !names_.back().starts_with('-'); }
  const std::string& name() const { return names_.front(); }
  std::string label() const;
  Result<void> take(const std::string& value);
  Result<void> check_company() const;

  std::vector<std::string> names_;  // that of an argument has no dashes, and is the last
  std::string value_name_;          // empty: a flag
  std::string help_;
  std::string default_;
  bool shows_default_ = false;
  bool required_ = false;
  bool repeatable_ = false;
  bool given_ = false;
  std::vector<Take> takes_;  // the checks, and last what stores the value
  const Option* needed_ = nullptr;
  const Option* excluded_ = nullptr;
};

// Parses the command line of a program, and writes its --help. Options are declared with the
// variables that take their values:
//
//   OptionParser parser("chatclient", "chatclient: talk to a chat server");
//   parser.whole_number("--port,port", out.port, 1, 65535, "server's TCP port").show_default();
//   if (const auto code = parser.parse_or_leave(argc, argv)) return *code;
//
// Names are separated by commas: "-c,--config" is an option, "address" an argument, "--port,port"
// either. A value follows as "--port 1", "--port=1", "-c a" or "-ca"; after "--" all words are
// arguments. -h and --help are built in.
// Threading: externally synchronised. Ownership: the variables must outlive the parser.
class OptionParser {
 public:
  static constexpr int kExitUsage = 2;

  OptionParser(std::string program, std::string description);

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
  OptionParser& command(std::string name, std::string help);
  const std::string& chosen_command() const { return chosen_; }

  // Adds --version, which prints the line.
  void set_version(std::string line) { version_ = std::move(line); }
  void set_footer(std::string text) { footer_ = std::move(text); }

  // Nothing: run the program. Otherwise print this text, of --help or --version, and exit. Fails
  // with a sentence about the user's mistake. Call once.
  Result<std::optional<std::string>> parse(int argc, const char* const* argv);
  // Prints such a text or sentence, and returns the exit code, 0 or kExitUsage.
  std::optional<int> parse_or_leave(int argc, const char* const* argv);

  std::string help() const;

 private:
  // The words that are still to be parsed.
  struct Words {
    const char* const* next;
    const char* const* end;
    bool arguments_only = false;  // after "--"
  };

  Option& add(std::string_view names, std::string value_name, std::string help);
  Option* find_option(std::string_view name);
  Option* next_argument();
  OptionParser* find_command(std::string_view name) const;
  Result<void> take_argument(const std::string& word);
  Result<void> take_option(Words& words, const std::string& word);
  Result<void> check_company() const;
  std::string usage() const;
  std::string lines_of(bool arguments) const;

  const std::string program_;  // with the command, if it is one
  const std::string description_;
  OptionParser* parent_ = nullptr;
  std::deque<Option> options_;
  std::vector<std::unique_ptr<OptionParser>> commands_;
  std::string version_;
  std::string footer_;
  std::string chosen_;
};

// Checks for Option::check().
std::string is_file(const std::string& path);
Option::Take is_one_of(std::vector<std::string> words);

}  // namespace chat::base
