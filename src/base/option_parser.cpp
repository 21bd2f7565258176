#include "chat/base/option_parser.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <system_error>

#include "chat/base/log.h"

namespace chat::base {
namespace {

// The column of the helps.
constexpr std::size_t kHelpColumn = 30;

tl::unexpected<Error> mistake(std::string sentence) {
  return fail(ErrorCode::kInvalidArgument, std::move(sentence));
}

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> out;
  for (;;) {
    const auto comma = names.find(',');
    out.emplace_back(names.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    names.remove_prefix(comma + 1);
  }
}

// Two columns; further lines of the help start in the second one.
std::string row(const std::string& left, std::string_view help) {
  std::string out = "  " + left;
  const std::string margin(kHelpColumn, ' ');
  if (out.size() + 2 > kHelpColumn) {
    out += '\n' + margin;
  } else {
    out.resize(kHelpColumn, ' ');
  }
  for (const char c : help) {
    out += c;
    if (c == '\n') out += margin;
  }
  return out + '\n';
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

Option& Option::value_name(std::string name) {
  value_name_ = std::move(name);
  return *this;
}

Option& Option::check(Take check) {
  takes_.insert(takes_.end() - 1, std::move(check));
  return *this;
}

Option& Option::required() {
  required_ = true;
  return *this;
}

Option& Option::repeatable() {
  repeatable_ = true;
  return *this;
}

Option& Option::needs(const Option& other) {
  needed_ = &other;
  return *this;
}

Option& Option::excludes(const Option& other) {
  excluded_ = &other;
  return *this;
}

Option& Option::show_default() {
  shows_default_ = true;
  return *this;
}

std::string Option::label() const {
  std::string out;
  for (const std::string& name : names_) {
    if (!out.empty()) out += ',';
    out += name;
  }
  // An argument's name says what it is.
  if (!is_flag() && names_.front().starts_with('-')) out += ' ' + value_name_;
  if (shows_default_) out += fmt::format(" [{}]", default_);
  return out;
}

Result<void> Option::take(const std::string& value) {
  if (given_ && !repeatable_ && !is_flag()) return mistake(name() + " is given twice");
  given_ = true;
  for (const Take& take : takes_) {
    if (const std::string wrong = take(value); !wrong.empty()) {
      return mistake(fmt::format("{}: {}", name(), wrong));
    }
  }
  return {};
}

Result<void> Option::check_company() const {
  if (required_ && !given_) return mistake(name() + " is missing");
  if (given_ && needed_ != nullptr && !needed_->given_) {
    return mistake(fmt::format("{} needs {}", name(), needed_->name()));
  }
  if (given_ && excluded_ != nullptr && excluded_->given_) {
    return mistake(fmt::format("{} excludes {}", name(), excluded_->name()));
  }
  return {};
}

OptionParser::OptionParser(std::string program, std::string description)
    : program_(std::move(program)), description_(std::move(description)) {}

Option& OptionParser::add(std::string_view names, std::string value_name, std::string help) {
  Option& option = options_.emplace_back();
  option.names_ = split_names(names);
  option.value_name_ = std::move(value_name);
  option.help_ = std::move(help);
  return option;
}

Option& OptionParser::flag(std::string_view names, bool& out, std::string help, bool value) {
  Option& option = add(names, "", std::move(help));
  option.takes_.emplace_back([&out, value](const std::string&) {
    out = value;
    return std::string();
  });
  return option;
}

Option& OptionParser::value(std::string_view names, Option::Take take, std::string help) {
  Option& option = add(names, "TEXT", std::move(help));
  option.takes_.push_back(std::move(take));
  return option;
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
  const auto take = [&out, first = true](const std::string& given) mutable {
    if (first) out.clear();
    first = false;
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

OptionParser& OptionParser::command(std::string name, std::string help) {
  auto made = std::make_unique<OptionParser>(std::move(name), std::move(help));
  made->parent_ = this;
  return *commands_.emplace_back(std::move(made));
}

Option* OptionParser::find_option(std::string_view name) {
  for (Option& option : options_) {
    const auto found = std::find(option.names_.begin(), option.names_.end(), name);
    if (found != option.names_.end() && found->starts_with('-')) return &option;
  }
  return parent_ == nullptr ? nullptr : parent_->find_option(name);
}

Option* OptionParser::next_argument() {
  for (Option& option : options_) {
    if (option.is_argument() && (!option.given_ || option.repeatable_)) return &option;
  }
  return nullptr;
}

OptionParser* OptionParser::find_command(std::string_view name) const {
  const auto found = std::find_if(commands_.begin(), commands_.end(),
                                  [&](const auto& each) { return each->program_ == name; });
  return found == commands_.end() ? nullptr : found->get();
}

Result<void> OptionParser::take_argument(const std::string& word) {
  Option* const argument = next_argument();
  if (argument == nullptr) return mistake("there is no use for " + log::quoted(word));
  return argument->take(word);
}

Result<void> OptionParser::take_option(Words& words, const std::string& word) {
  const bool is_long = word.starts_with("--");
  const auto equals = is_long ? word.find('=') : std::string::npos;
  const std::string name = is_long ? word.substr(0, equals) : word.substr(0, 2);
  Option* const option = find_option(name);
  // The value may be a secret.
  if (option == nullptr) return mistake("there is no option " + log::quoted(name));
  std::optional<std::string> value;
  if (equals != std::string::npos) value = word.substr(equals + 1);
  if (!is_long && word.size() > 2) value = word.substr(2);
  if (option->is_flag()) return value ? mistake(name + " takes no value") : option->take("");
  if (value) return option->take(*value);
  if (words.next == words.end) {
    return mistake(fmt::format("{} needs a value: {}", name, option->value_name_));
  }
  return option->take(*words.next++);
}

Result<void> OptionParser::check_company() const {
  for (const Option& option : options_) {
    if (const auto checked = option.check_company(); !checked) return checked;
  }
  if (!commands_.empty() && chosen_.empty()) return mistake("there is no command");
  return {};
}

Result<std::optional<std::string>> OptionParser::parse(int argc, const char* const* argv) {
  const auto wrong = [this](const std::string& sentence) {
    return mistake(fmt::format("{} (see {} --help)", sentence, program_));
  };
  OptionParser* at = this;  // the command, once it is known
  Words words{argv + std::min(argc, 1), argv + argc};
  while (words.next != words.end) {
    const std::string word = *words.next++;
    const bool is_option = !words.arguments_only && word.size() > 1 && word.front() == '-';
    Result<void> taken;
    if (is_option && word == "--") {
      words.arguments_only = true;
    } else if (is_option && (word == "-h" || word == "--help")) {
      return at->help();
    } else if (is_option && word == "--version" && !version_.empty()) {
      return version_ + '\n';
    } else if (is_option) {
      taken = at->take_option(words, word);
    } else if (!at->commands_.empty()) {
      OptionParser* const command = find_command(word);
      if (command == nullptr) return wrong("there is no such command: " + log::quoted(word));
      chosen_ = word;
      at = command;
    } else {
      taken = at->take_argument(word);
    }
    if (!taken) return wrong(taken.error().message);
  }
  if (const auto checked = check_company(); !checked) return wrong(checked.error().message);
  if (const auto checked = at->check_company(); !checked) return wrong(checked.error().message);
  return std::nullopt;
}

std::optional<int> OptionParser::parse_or_leave(int argc, const char* const* argv) {
  const auto parsed = parse(argc, argv);
  if (!parsed) {
    fmt::print(stderr, "{}: {}\n", program_, parsed.error().message);
    return kExitUsage;
  }
  if (!*parsed) return std::nullopt;
  fmt::print("{}", **parsed);
  return 0;
}

std::string OptionParser::usage() const {
  std::string out = parent_ == nullptr ? program_ : parent_->program_ + ' ' + program_;
  out += " [OPTIONS]";
  for (const Option& option : options_) {
    if (!option.is_argument()) continue;
    const std::string& name = option.names_.back();
    out += option.required_ ? ' ' + name : " [" + name + ']';
  }
  return commands_.empty() ? out : out + " COMMAND";
}

std::string OptionParser::lines_of(bool arguments) const {
  std::string out;
  for (const Option& option : options_) {
    const bool only_argument = option.is_argument() && option.names_.size() == 1;
    if (only_argument == arguments) out += row(option.label(), option.help_);
  }
  return out;
}

std::string OptionParser::help() const {
  std::string out = fmt::format("{}\n\nUsage: {}\n", description_, usage());
  if (const std::string lines = lines_of(true); !lines.empty()) out += "\nArguments:\n" + lines;
  out += "\nOptions:\n" + row("-h,--help", "print this help, then exit");
  if (!version_.empty()) out += row("--version", "print the version, then exit");
  out += lines_of(false);
  if (parent_ != nullptr) out += parent_->lines_of(false);
  if (!commands_.empty()) out += "\nCommands (COMMAND --help shows their options):\n";
  for (const auto& each : commands_) out += row(each->program_, each->description_);
  return footer_.empty() ? out : out + '\n' + footer_ + '\n';
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
