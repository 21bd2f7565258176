#include "shard.h"

#include <algorithm>
#include <cstring>

namespace chat::bench {
namespace {

constexpr std::uint32_t kSources = 200;
constexpr std::uint32_t kLoopbackNet = 127;

}  // namespace

in_addr_t Shard::next_source(const Endpoint& to) {
  if (to.address.ss_family != AF_INET) return 0;
  sockaddr_in address{};
  std::memcpy(&address, &to.address, sizeof(address));
  if (ntohl(address.sin_addr.s_addr) >> 24 != kLoopbackNet) return 0;
  const auto net = static_cast<std::uint32_t>(part_.index + 1);
  return (kLoopbackNet << 24) | (net << 8) | (1 + sources_++ % kSources);
}

void Shard::close_books() {
  const auto verdict = books_.verdict();
  count(Count::kLost, verdict.lost);
  count(Count::kDoubled, verdict.doubled + verdict.repeats);
  count(Count::kReordered, verdict.reordered);
  count(Count::kGaps, verdict.gaps);
  count(Count::kStrange, verdict.unexpected);
}

void Shard::problem(std::string_view text) {
  if (state_.problem[0] != '\0') return;
  const std::size_t size = std::min(text.size(), state_.problem.size() - 1);
  std::copy_n(text.data(), size, state_.problem.data());
}

void Shard::fail(std::string_view text) {
  problem(text);
  failed_ = true;
}

}  // namespace chat::bench
