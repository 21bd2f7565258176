#include "client/check/mark.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace chat::client::check {
namespace {

// Texts that encodings, buffers and quoting are most likely to damage.
constexpr std::array<std::string_view, 5> kFillers = {"plain", "\"quoted\" \\ and\ttabbed",
                                                      "schöne Grüße", "你好，世界",
                                                      "🙂 over the basic plane"};

constexpr std::string_view kWord = "chatcheck";

// Removes a number and the space after it from the front.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop == end || *stop != ' ') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return number;
}

}  // namespace

std::string text_of(std::string_view run, const Mark& mark) {
  return fmt::format("{} {} {} {} {} {}", kWord, run, mark.stream, mark.sender, mark.number,
                     kFillers[mark.number % kFillers.size()]);
}

std::optional<Mark> read_text(std::string_view run, std::string_view text) {
  const std::string head = fmt::format("{} {} ", kWord, run);
  if (!text.starts_with(head)) return std::nullopt;
  std::string_view rest = text.substr(head.size());
  const auto stream = take_number(rest);
  const auto sender = stream ? take_number(rest) : std::nullopt;
  const auto number = sender ? take_number(rest) : std::nullopt;
  if (!number) return std::nullopt;
  const Mark mark{*stream, *sender, *number};
  return text_of(run, mark) == text ? std::optional(mark) : std::nullopt;
}

std::string cid_of(std::string_view run, std::uint32_t number) {
  return fmt::format("{}-{}", run, number);
}

std::optional<std::uint32_t> read_cid(std::string_view run, std::string_view cid) {
  if (!cid.starts_with(run) || cid.size() <= run.size() + 1) return std::nullopt;
  std::uint32_t number = 0;
  const char* const end = cid.data() + cid.size();
  const auto [stop, error] = std::from_chars(cid.data() + run.size() + 1, end, number);
  if (error != std::errc() || stop != end || cid_of(run, number) != cid) return std::nullopt;
  return number;
}

}  // namespace chat::client::check
