#include "chat/protocol/classic_requests.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

// Requests of classic clients. A number alone does not identify a request: 9 joins a group in A and
// is a group chat in B. The fields do, and no two kinds of request share both number and fields, so
// each request also reveals the client's numbering.

namespace chat::protocol {
namespace {

struct Row {
  Msgid msgid;  // ours, which is A's
  int b;
};
constexpr std::array kRows = {
    Row{Msgid::kLogout, 10},  Row{Msgid::kRegister, 3},  Row{Msgid::kRegisterAck, 4},
    Row{Msgid::kOneChat, 5},  Row{Msgid::kAddFriend, 6}, Row{Msgid::kCreateGroup, 7},
    Row{Msgid::kAddGroup, 8}, Row{Msgid::kGroupChat, 9},
};
constexpr int kFirstNumber = 3;
constexpr int kLastNumber = 11;
// The number of logout in variants of A.
constexpr std::array kOtherLogouts = {4, 11};

constexpr std::array<std::string_view, 11> kFields = {
    "msgid",   "id",        "name",      "password", "toid", "friendid",
    "groupid", "groupname", "groupdesc", "msg",      "time"};

bool has_any(const Request& request, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return request.find(name) != nullptr; });
}

// The kind of request by its fields; nothing if they do not tell.
std::optional<Msgid> kind_of(const Request& request) {
  if (has_any(request, {"toid"})) return Msgid::kOneChat;
  if (has_any(request, {"friendid"})) return Msgid::kAddFriend;
  if (has_any(request, {"groupname"})) return Msgid::kCreateGroup;
  if (has_any(request, {"groupid"})) {
    return has_any(request, {"msg"}) ? Msgid::kGroupChat : Msgid::kAddGroup;
  }
  if (has_any(request, {"password"})) return Msgid::kRegister;
  if (has_any(request, {"id"})) return Msgid::kLogout;
  if (has_any(request, {"name"})) return Msgid::kRegister;
  return std::nullopt;
}

ClassicNumbers numbers_of(int number, Msgid kind) {
  if (number == number_in(ClassicNumbers::kA, kind)) return ClassicNumbers::kA;
  if (number == number_in(ClassicNumbers::kB, kind)) return ClassicNumbers::kB;
  const bool other =
      std::find(kOtherLogouts.begin(), kOtherLogouts.end(), number) != kOtherLogouts.end();
  return kind == Msgid::kLogout && other ? ClassicNumbers::kA : ClassicNumbers::kUnknown;
}

// The kind with `number` in that numbering.
std::optional<Msgid> kind_of_number(int number, ClassicNumbers numbers) {
  for (const Row& row : kRows) {
    if (number_in(numbers, row.msgid) == number) return row.msgid;
  }
  return std::nullopt;
}

Refusal no_fit(int number) {
  return {Errno::kBadField, "the fields do not match the number " + std::to_string(number),
          std::nullopt};
}

// Frames with more objects are not split.
constexpr std::size_t kObjectsMax = 16;

// The size of the object at the beginning of `text`; 0 if there is none or it does not end. Checks
// only brackets and texts; the parser checks the JSON.
std::size_t object_size(std::string_view text) {
  if (text.empty() || text.front() != '{') return 0;
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_text) {
      if (c == '\\') ++at;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return 0;
}

// Nothing unless `text` is at most kObjectsMax whole objects.
std::optional<std::vector<std::string_view>> whole_objects(std::string_view text) {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  std::vector<std::string_view> objects;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
    if (text.empty()) return objects;
    const std::size_t size = object_size(text);
    if (size == 0 || objects.size() == kObjectsMax) return std::nullopt;
    objects.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace

int number_in(ClassicNumbers numbers, Msgid msgid) {
  if (numbers == ClassicNumbers::kB) {
    for (const Row& row : kRows) {
      if (row.msgid == msgid) return row.b;
    }
  }
  return static_cast<int>(msgid);
}

std::optional<Refusal> read_classic(Request& request, ClassicNumbers fixed, ClassicNumbers& known) {
  const int number = request.msgid;
  if (number < kFirstNumber || number > kLastNumber) return std::nullopt;
  const auto by_fields = kind_of(request);
  if (!by_fields) {
    // A request without its required fields is refused later for that reason.
    const auto kind = kind_of_number(number, fixed != ClassicNumbers::kUnknown ? fixed : known);
    if (!kind || *kind == Msgid::kRegisterAck) return no_fit(number);
    request.msgid = static_cast<int>(*kind);
    return std::nullopt;
  }
  const ClassicNumbers numbers = numbers_of(number, *by_fields);
  if (numbers == ClassicNumbers::kUnknown) return no_fit(number);
  if (fixed != ClassicNumbers::kUnknown && numbers != fixed) return no_fit(number);
  known = numbers;
  request.msgid = static_cast<int>(*by_fields);
  return std::nullopt;
}

bool is_classic_registration(const Request& request) {
  const int number = request.msgid;
  return kind_of(request) == Msgid::kRegister &&
         numbers_of(number, Msgid::kRegister) != ClassicNumbers::kUnknown;
}

bool may_be_classic(const Request& request) {
  return request.msgid >= static_cast<int>(Msgid::kLogin) && request.msgid <= kLastNumber &&
         std::all_of(request.fields.begin(), request.fields.end(), [](const auto& field) {
           return std::find(kFields.begin(), kFields.end(), field.first) != kFields.end();
         });
}

std::vector<std::string_view> objects_of(std::string_view frame) {
  auto objects = whole_objects(frame);
  if (!objects || objects->size() < 2) return {frame};
  return std::move(*objects);
}

bool is_whole_objects(std::string_view text) {
  const auto objects = whole_objects(text);
  return objects && !objects->empty();
}

}  // namespace chat::protocol
