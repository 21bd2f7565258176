#include "faults/nemesis/operators.h"

#include <optional>
#include <utility>

#include "support/processes/operator_tool.h"

namespace chat::test::nemesis {
namespace {

// Longer than chatctl waits.
constexpr milliseconds kChatctlPatience{60'000};
constexpr milliseconds kAgain{300};

// Whether the act changed something; nothing if that is unknown.
std::optional<bool> run(const std::string& socket, const Crowd::Order& order) {
  try {
    const RunResult result = run_to_end({OperatorTool::path(), "--socket", socket, "--json",
                                         order.word, std::to_string(order.user)},
                                        kChatctlPatience);
    if (result.exit_code != 0) return std::nullopt;
    return Json::parse(result.output).at("changed").get<bool>();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

Operators::Operators(std::vector<std::string> sockets, Crowd& crowd, std::uint64_t seed)
    : sockets_(std::move(sockets)), crowd_(crowd), random_(seed + 1) {}

void Operators::start() {
  thread_ = base::Thread("operators", [this] { work(); });
}

void Operators::stop() {
  stopping_ = true;
  thread_.join();
}

void Operators::rest(milliseconds time) {
  const Time until = Clock::now() + time;
  wait_until([&] { return stopping_ || Clock::now() >= until; }, time * 2);
}

void Operators::work() {
  while (!stopping_) {
    const auto order = crowd_.next_order();
    idle_ = !order;
    if (order) act(*order);
    rest(milliseconds{std::uniform_int_distribution(500, 2'500)(random_)});
  }
}

// A kick is given up in the end: the account may be offline.
void Operators::act(Crowd::Order order) {
  for (int attempt = 0; !stopping_; ++attempt) {
    const auto node = std::uniform_int_distribution<std::size_t>(0, sockets_.size() - 1)(random_);
    const auto changed = run(sockets_[node], order);
    crowd_.order_done(order, changed);
    if (changed || (order.word == "kick" && attempt == 2)) return;
    rest(kAgain);
  }
}

}  // namespace chat::test::nemesis
