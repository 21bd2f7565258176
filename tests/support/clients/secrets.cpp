#include "secrets.h"

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/base/mutex.h"

namespace chat::test {
namespace {

constexpr std::size_t kLeastBytes = 6;
constexpr std::size_t kMost = 10'000;

// Secrets indexed by their first bytes, so that a log is scanned once, however many there are.
class Secrets {
 public:
  void note(std::string_view text) {
    if (text.size() < kLeastBytes) return;
    base::MutexLock lock(mutex_);
    if (known_.size() >= kMost) return;
    const auto [place, is_new] = known_.emplace(text);
    if (is_new) by_beginning_[beginning(*place)].push_back(*place);
  }

  std::size_t find_in(std::string_view log) {
    base::MutexLock lock(mutex_);
    for (std::size_t i = 0; i + kLeastBytes <= log.size(); ++i) {
      const auto found = by_beginning_.find(beginning(log.substr(i)));
      if (found == by_beginning_.end()) continue;
      for (const std::string& secret : found->second) {
        if (log.substr(i).starts_with(secret)) return i;
      }
    }
    return std::string_view::npos;
  }

 private:
  static std::uint64_t beginning(std::string_view text) {
    std::uint64_t number = 0;
    std::memcpy(&number, text.data(), kLeastBytes);
    return number;
  }

  base::Mutex mutex_;
  std::unordered_set<std::string> known_ CHAT_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, std::vector<std::string>> by_beginning_ CHAT_GUARDED_BY(mutex_);
};

Secrets& secrets() {
  static Secrets all;
  return all;
}

}  // namespace

void note_secret(std::string_view text) {
  secrets().note(text);
}

void note_secrets_of(const nlohmann::json& frame) {
  if (!frame.is_object()) return;
  for (const char* field : {"password", "token", "msg"}) {
    const auto found = frame.find(field);
    if (found != frame.end() && found->is_string())
      note_secret(found->get_ref<const std::string&>());
  }
}

std::optional<std::string> line_with_secret(std::string_view log) {
  const std::size_t place = secrets().find_in(log);
  if (place == std::string_view::npos) return std::nullopt;
  const std::size_t before = log.rfind('\n', place);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return std::string(log.substr(begin, log.find('\n', place) - begin));
}

}  // namespace chat::test
