#include "chat/base/option_parser.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <system_error>
#include <utility>

#include "chat/base/log.h"

namespace chat::base {
namespace {

tl::unexpected<Error> mistake(std::string sentence) {
  return fail(ErrorCode::kInvalidArgument, std::move(sentence));
}

template <typename Number>
std::optional<Number> read_number(const std::string& text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

template <typename Number, typename Store>
Option::Take take_between(Number least, Number most, Store store) {
  return [=](const std::string& text) -> std::string {
    const auto number = read_number<Number>(text);
    if (!number || !(*number >= least && *number <= most)) {
      return fmt::format("must be a number from {} to {}", least, most);
    }
    store(*number);
    return {};
  };
}

}  // namespace

Option& Option::value_name(const std::string& name) {
  option_.type_name(name);
  return *this;
}

Option& Option::check(Take check) {
  option_.check(std::move(check));
  return *this;
}

Option& Option::required() {
  option_.required();
  return *this;
}

Option& Option::repeatable() {
  option_.take_all()->allow_extra_args(false);
  return *this;
}

Option& Option::needs(const Option& other) {
  option_.needs(&other.option_);
  return *this;
}

Option& Option::excludes(const Option& other) {
  option_.excludes(&other.option_);
  return *this;
}

Option& Option::show_default() {
  option_.default_str(default_);
  return *this;
}

OptionParser::OptionParser(std::string program, std::string description)
    : owned_(std::make_unique<CLI::App>(std::move(description), std::move(program))),
      app_(*owned_) {
  app_.set_help_flag("-h,--help", "print this help, then exit");
  app_.fallthrough();
}

OptionParser::OptionParser(CLI::App& command) : app_(command) {}

OptionParser::~OptionParser() = default;

Option& OptionParser::add(CLI::Option* added) {
  return options_.emplace_back(*added);
}

Option& OptionParser::flag(std::string_view names, bool& out, std::string help, bool value) {
  const auto set = [&out, value](std::int64_t) { out = value; };
  CLI::Option* const added = app_.add_flag_function(std::string(names), set, std::move(help));
  added->disable_flag_override();
  return add(added);
}

Option& OptionParser::value(std::string_view names, Option::Take take, std::string help) {
  const auto take_all = [name = std::string(names.substr(0, names.find(','))),
                         take = std::move(take)](const CLI::results_t& values) {
    for (const std::string& each : values) {
      if (const std::string wrong = take(each); !wrong.empty()) {
        throw CLI::ValidationError(name, wrong);
      }
    }
    return true;
  };
  return add(app_.add_option(std::string(names), take_all, std::move(help))).value_name("TEXT");
}

Option& OptionParser::text(std::string_view names, std::string& out, std::string help) {
  const auto take = [&out](const std::string& given) {
    out = given;
    return std::string();
  };
  Option& option = value(names, take, std::move(help));
  option.default_ = out;
  return option;
}

Option& OptionParser::texts(std::string_view names, std::vector<std::string>& out,
                            std::string help) {
  // The first one given replaces the default.
  const auto take = [&out, first = std::make_shared<bool>(true)](const std::string& given) {
    if (std::exchange(*first, false)) out.clear();
    out.push_back(given);
    return std::string();
  };
  Option& option = value(names, take, std::move(help)).repeatable();
  option.default_ = fmt::format("{}", fmt::join(out, " "));
  return option;
}

Option& OptionParser::number(std::string_view names, double& out, double least, double most,
                             std::string help) {
  const auto store = [&out](double given) { out = given; };
  Option& option = value(names, take_between(least, most, store), std::move(help));
  option.default_ = fmt::format("{}", out);
  return option.value_name("NUMBER");
}

Option& OptionParser::whole_number(std::string_view names, std::function<void(std::uint64_t)> store,
                                   std::uint64_t least, std::uint64_t most, std::string help) {
  return value(names, take_between(least, most, std::move(store)), std::move(help)).value_name("N");
}

OptionParser& OptionParser::command(const std::string& name, const std::string& help) {
  CLI::App* const added = app_.add_subcommand(name, help);
  app_.require_subcommand(0, 1);  // parse() says it better than CLI11 if there is none
  return *commands_.emplace_back(new OptionParser(*added));
}

void OptionParser::set_version(const std::string& line) {
  app_.set_version_flag("--version", line, "print the version, then exit");
}

void OptionParser::set_footer(const std::string& text) {
  app_.footer(text);
}

Result<std::optional<std::string>> OptionParser::parse(int argc, const char* const* argv) {
  const auto wrong = [this](const std::string& sentence) {
    return mistake(fmt::format("{} (see {} --help)", sentence, app_.get_name()));
  };
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return help();
  } catch (const CLI::CallForVersion& version) {
    return std::string(version.what()) + '\n';
  } catch (const CLI::ExtrasError& error) {
    const auto unused = app_.remaining();
    const bool is_command = !commands_.empty() && app_.get_subcommands().empty() &&
                            !unused.empty() && !unused.front().starts_with('-');
    if (is_command) return wrong("there is no such command: " + log::quoted(unused.front()));
    return wrong(error.what());
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  }
  const auto commands = app_.get_subcommands();
  if (!commands.empty()) chosen_ = commands.front()->get_name();
  if (!commands_.empty() && chosen_.empty()) return wrong("there is no command");
  return std::nullopt;
}

std::optional<int> OptionParser::parse_or_leave(int argc, const char* const* argv) {
  const auto parsed = parse(argc, argv);
  if (!parsed) {
    fmt::print(stderr, "{}: {}\n", app_.get_name(), parsed.error().message);
    return kExitUsage;
  }
  if (!*parsed) return std::nullopt;
  fmt::print("{}", **parsed);
  return 0;
}

std::string OptionParser::help() const {
  return app_.help();
}

std::string is_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "there is no file " + log::quoted(path);
  return S_ISDIR(status.st_mode) ? log::quoted(path) + " is a folder" : std::string();
}

Option::Take is_one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& given) -> std::string {
    if (std::find(words.begin(), words.end(), given) != words.end()) return {};
    return fmt::format("must be one of {}", fmt::join(words, ", "));
  };
}

}  // namespace chat::base
