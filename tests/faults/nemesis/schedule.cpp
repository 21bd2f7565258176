#include "faults/nemesis/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <random>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace chat::test::nemesis {
namespace {

constexpr int kGapLeastMs = 200;
constexpr int kGapMostMs = 3'000;
constexpr int kRoundLeastMs = 4'000;
constexpr int kRoundMostMs = 14'000;
constexpr int kKindsInARound = 2;
constexpr int kLastsLeastMs = 200;
constexpr int kLastsMostMs = 15'000;
constexpr int kTries = 20;
// Longer than a node's lease, so that the others free its users.
constexpr int kDeadLeastMs = 11'000;
// Long, because most kinds of writes are rare.
constexpr milliseconds kLossyLeast{3'000};
constexpr milliseconds kAftermath{5'000};
constexpr std::string_view kSweep = "UPDATE node SET epoch";
// At most slightly longer than what makes a node search for missed messages.
constexpr int kShortMostMs = 2'500;

struct FaultRow {
  Fault fault;
  std::string_view name;
  int weight;
  bool hits_link;  // affects one link of a node
};
constexpr std::array<FaultRow, kFaults> kRows = {{
    {Fault::kCut, "cut", 8, true},
    {Fault::kStall, "stall", 10, true},
    {Fault::kOneWay, "one-way stall", 5, true},
    {Fault::kSlow, "slow", 4, true},
    {Fault::kReset, "reset", 6, true},
    {Fault::kSubscriber, "stall of the subscriber", 4, false},
    {Fault::kPublisher, "stall of the publisher", 4, false},
    {Fault::kOtherRedis, "other Redis", 3, false},
    {Fault::kFreezeNode, "SIGSTOP of the node", 12, false},
    {Fault::kFreezeRedis, "SIGSTOP of Redis", 4, false},
    {Fault::kFreezeDatabase, "SIGSTOP of MariaDB", 4, false},
    {Fault::kKillNode, "SIGKILL of the node", 8, false},
    {Fault::kLostAnswer, "lost answers to commits", 30, false},
    {Fault::kLostCommit, "lost commits", 4, false},
    {Fault::kLateCommit, "late commit", 8, false},
    {Fault::kLoneServer, "lone server on the same database", 3, false},
    {Fault::kTakenName, "second server under the node's name", 3, false},
    {Fault::kClockJump, "clock jump", 3, false},
    {Fault::kLock, "lock", 10, false},
}};
// Faults that may persist while the guarantees are checked: any of one node's link to Redis, or
// none.
constexpr std::array<Fault, 6> kStanding = {Fault::kCut,       Fault::kStall,
                                            Fault::kOneWay,    Fault::kSubscriber,
                                            Fault::kPublisher, Fault::kOtherRedis};

constexpr std::array<Fault, 13> kShort = {
    Fault::kCut,         Fault::kStall,          Fault::kStall,      Fault::kOneWay,
    Fault::kReset,       Fault::kSubscriber,     Fault::kPublisher,  Fault::kFreezeNode,
    Fault::kFreezeRedis, Fault::kFreezeDatabase, Fault::kLateCommit, Fault::kLock,
    Fault::kLock};

// With `read committed` a session keeps only the locks of the rows that it has asked for; else also
// those of the gaps between them, where rows would be inserted.
#define CHAT_READ_COMMITTED "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN; "
constexpr std::array<ForeignLockKind, 8> kForeignLocks = {{
    {"every other group",
     CHAT_READ_COMMITTED "SELECT id FROM allgroup WHERE id % 2 = 0 FOR UPDATE"},
    {"the messages to half of the users",
     "BEGIN; SELECT seq FROM directmessage WHERE recipient <= (SELECT AVG(id) FROM user)"
     " FOR UPDATE"},
    {"the messages of a group",
     "BEGIN; SELECT seq FROM groupmessage WHERE groupid = (SELECT MIN(id) FROM allgroup)"
     " FOR UPDATE"},
    {"every other user", CHAT_READ_COMMITTED "SELECT id FROM user WHERE id % 2 = 0 FOR UPDATE"},
    {"the positions of half of the users",
     CHAT_READ_COMMITTED "SELECT userid FROM groupuser WHERE userid % 2 = 0 FOR UPDATE;"
                         " SELECT recipient FROM directcursor WHERE recipient % 2 = 0 FOR UPDATE"},
    {"the sessions", "BEGIN; SELECT userid FROM session FOR UPDATE"},
    {"the tables of messages", "LOCK TABLES directmessage WRITE, groupmessage WRITE"},
    {"all tables", "FLUSH TABLES WITH READ LOCK"},
}};
#undef CHAT_READ_COMMITTED

const FaultRow& row_of(Fault fault) {
  return kRows[static_cast<std::size_t>(fault)];
}

bool hits_redis_link(const Event& event) {
  if (row_of(event.fault).hits_link) return event.link == Link::kRedis;
  return event.fault == Fault::kSubscriber || event.fault == Fault::kPublisher ||
         event.fault == Fault::kOtherRedis;
}

// Events of the same slot never overlap, so that the end of one does not undo another.
std::tuple<int, std::size_t> slot_of(const Event& event) {
  enum Slot { kRedisLink, kDatabaseLink, kProcess, kRedis, kDatabase, kCommit, kSecond, kClock };
  switch (event.fault) {
    case Fault::kFreezeNode:
    case Fault::kKillNode: return {kProcess, event.node};
    case Fault::kFreezeRedis: return {kRedis, 0};
    case Fault::kFreezeDatabase:
    case Fault::kLock: return {kDatabase, 0};
    case Fault::kLostAnswer:
    case Fault::kLostCommit: return {kCommit, event.node};
    case Fault::kLoneServer:
    case Fault::kTakenName: return {kSecond, 0};
    case Fault::kClockJump: return {kClock, 0};
    default: return {hits_redis_link(event) ? kRedisLink : kDatabaseLink, event.node};
  }
}

bool overlap(const Event& one, const Event& other) {
  return slot_of(one) == slot_of(other) && one.at <= other.at + other.lasts &&
         other.at <= one.at + one.lasts;
}

bool outlasts_a_lease(const Event& event) {
  return event.fault == Fault::kKillNode && event.lasts >= milliseconds{kDeadLeastMs};
}

// Unlike std::uniform_int_distribution, portable.
class Dice {
 public:
  Dice(std::uint64_t seed, std::size_t round) : random_(seed * 1'000'003 + round) {}

  int between(int least, int most) {
    const auto width = static_cast<std::uint64_t>(most - least) + 1;
    return least + static_cast<int>(random_() % width);
  }
  // Logarithmic: as often between 0.2 and 0.4 s as between 5 and 10 s.
  milliseconds duration(int most_ms) {
    const double share = between(0, 10'000) / 10'000.0;
    return milliseconds{
        std::lround(kLastsLeastMs * std::pow(double{1} * most_ms / kLastsLeastMs, share))};
  }
  Event event(std::size_t nodes) {
    int total = 0;
    for (const FaultRow& row : kRows) total += row.weight;
    int left = between(1, total);
    const auto* row = kRows.begin();
    while (left > row->weight) left -= (row++)->weight;
    return event(row->fault, nodes);
  }
  Event event(Fault fault, std::size_t nodes) {
    Event drawn;
    drawn.fault = fault;
    drawn.node = static_cast<std::size_t>(between(0, static_cast<int>(nodes) - 1));
    drawn.lasts = duration(kLastsMostMs);
    if (row_of(fault).hits_link) drawn.link = between(0, 9) < 6 ? Link::kRedis : Link::kDatabase;
    switch (fault) {
      case Fault::kOneWay: drawn.detail = between(0, 1); break;
      case Fault::kSlow: drawn.detail = between(20, 400); break;
      case Fault::kKillNode:
        if (between(0, 1) == 0) drawn.lasts = milliseconds{between(kDeadLeastMs, kLastsMostMs)};
        break;
      case Fault::kLostAnswer:
      case Fault::kLostCommit:
        drawn.lasts = std::max(drawn.lasts, kLossyLeast);
        drawn.detail = between(0, static_cast<int>(write_kinds().size()) - 1);
        break;
      case Fault::kLateCommit: drawn.lasts = duration(kShortMostMs); break;
      case Fault::kLock:
        drawn.lasts = duration(kShortMostMs);
        drawn.detail = between(0, static_cast<int>(kForeignLocks.size()) - 1);
        break;
      case Fault::kClockJump:
        drawn.node = nodes - 1;
        drawn.detail = (between(0, 1) == 0 ? -1 : 1) * between(1, 3'600);
        break;
      default: break;
    }
    return drawn;
  }
  // While a node is dead for longer than its lease, the others lose the answers to their writes
  // about it.
  std::optional<Event> aftermath(const Round& round, milliseconds at, std::size_t nodes) {
    for (const Event& event : round.events) {
      const milliseconds left = event.at + event.lasts - at;
      if (!outlasts_a_lease(event) || left < milliseconds{kGapLeastMs}) continue;
      if (between(0, 3) == 0) continue;
      Event drawn;
      drawn.fault = Fault::kLostAnswer;
      drawn.node =
          (event.node + static_cast<std::size_t>(between(1, static_cast<int>(nodes) - 1))) % nodes;
      drawn.lasts = left;
      drawn.detail =
          static_cast<int>(std::ranges::find(write_kinds(), kSweep) - write_kinds().begin());
      return drawn;
    }
    return std::nullopt;
  }

 private:
  std::mt19937_64 random_;
};

void repeat_short_fault(Round& round, Dice& dice, milliseconds length, std::size_t nodes) {
  const auto index = static_cast<std::size_t>(dice.between(0, kShort.size() - 1));
  Event event = dice.event(kShort[index], nodes);
  for (milliseconds at{kGapLeastMs}; at < length;) {
    event.at = at;
    event.lasts = dice.duration(kShortMostMs);
    round.events.push_back(event);
    at += event.lasts + milliseconds{dice.between(kGapLeastMs, kGapMostMs)};
  }
}

// Makes every node lose the answers to one kind of write, from `at` on. Returns when that ends.
milliseconds lose_answers(Round& round, Dice& dice, const std::string& kind, milliseconds at,
                          std::size_t nodes) {
  milliseconds length{dice.between(kRoundLeastMs, kRoundMostMs) / kKindsInARound};
  // Without a dead node there is no sweep.
  std::size_t dead = nodes;
  if (kind == kSweep) {
    Event death = dice.event(Fault::kKillNode, nodes);
    death.at = at;
    death.lasts = milliseconds{dice.between(kDeadLeastMs, kLastsMostMs)};
    round.events.push_back(death);
    dead = death.node;
    length = death.lasts;
  }
  Event event;
  event.fault = Fault::kLostAnswer;
  event.detail = static_cast<int>(std::ranges::find(write_kinds(), kind) - write_kinds().begin());
  event.lasts = std::max(length, kLossyLeast);
  for (event.node = 0; event.node < nodes; ++event.node) {
    if (event.node == dead) continue;
    event.at = at += milliseconds{kGapLeastMs};
    round.events.push_back(event);
  }
  return at + event.lasts + milliseconds{kGapLeastMs};
}

// Each kind once, shuffled by the seed.
std::vector<std::string> shuffled_kinds(std::uint64_t seed) {
  const std::set<std::string> kinds(write_kinds().begin(), write_kinds().end());
  std::vector<std::string> order(kinds.begin(), kinds.end());
  Dice dice(seed, 0);
  for (std::size_t i = order.size() - 1; i > 0; --i) {
    std::swap(order[i], order[static_cast<std::size_t>(dice.between(0, static_cast<int>(i)))]);
  }
  return order;
}

// Two of three rounds lose answers, cycling through all kinds.
Round draw_light_round(std::uint64_t seed, std::size_t number, Dice& dice, std::size_t nodes) {
  Round round;
  round.light = true;
  const std::size_t before = number / 2;
  if (before % 3 == 2) {
    repeat_short_fault(round, dice, milliseconds{dice.between(kRoundLeastMs, kRoundMostMs)}, nodes);
    return round;
  }
  const std::vector<std::string> order = shuffled_kinds(seed);
  std::size_t turn = (before - before / 3) * kKindsInARound;
  milliseconds at{kGapLeastMs};
  for (int i = 0; i < kKindsInARound; ++i) {
    const std::string& kind = order[turn++ % order.size()];
    at = lose_answers(round, dice, kind, at, nodes);
    round.lost.push_back(kind);
  }
  return round;
}

}  // namespace

const std::vector<std::string>& write_kinds() {
  // Rare kinds are repeated.
  static const std::vector<std::string> kinds = [] {
    const std::vector<std::pair<std::string, int>> weighted = {
        {"", 1},
        {"INSERT INTO groupuser", 3},
        {"INSERT INTO allgroup", 3},
        {"UPDATE user SET state = 'online'", 4},
        {"UPDATE user SET state = 'offline'", 6},
        {"UPDATE user SET name = ''", 4},
        {"UPDATE user SET password", 3},
        {std::string(kSweep), 1},
        {"INTO session", 1},
        {"DELETE FROM session", 1},
        {"INTO directmessage", 1},
        {"INTO groupmessage", 1},
        {"UPDATE directcursor", 1},
        {"UPDATE groupuser", 1},
        {"INSERT INTO user", 4},
        {"body, n, kind", 4},    // the event of an act on a group
        {"SET contact_rev", 2},  // a block
    };
    std::vector<std::string> all;
    for (const auto& [text, weight] : weighted) {
      for (int i = 0; i < weight; ++i) all.push_back(text);
    }
    return all;
  }();
  return kinds;
}

std::span<const ForeignLockKind> foreign_locks() {
  return kForeignLocks;
}

Round draw_round(std::uint64_t seed, std::size_t number, std::size_t nodes) {
  Dice dice(seed, number);
  if (number % 2 == 0) return draw_light_round(seed, number, dice, nodes);
  Round round;
  const auto index = static_cast<std::size_t>(dice.between(0, kStanding.size() - 1));
  Event standing = dice.event(kStanding[index], nodes);
  standing.link = Link::kRedis;
  round.standing = standing;
  milliseconds length{dice.between(kRoundLeastMs, kRoundMostMs)};
  milliseconds at{dice.between(kGapLeastMs, kGapMostMs)};
  while (at < length) {
    for (int attempt = 0; attempt < kTries; ++attempt) {
      Event event = dice.event(nodes);
      if (const auto drawn = dice.aftermath(round, at, nodes)) event = *drawn;
      event.at = at;
      const bool busy = std::ranges::any_of(
          round.events, [&](const Event& other) { return overlap(event, other); });
      if (busy) continue;
      round.events.push_back(event);
      if (outlasts_a_lease(event)) length = std::max(length, at + kAftermath);
      break;
    }
    at += milliseconds{dice.between(kGapLeastMs, kGapMostMs)};
  }
  return round;
}

std::string describe(const Event& event) {
  const FaultRow& row = row_of(event.fault);
  std::string text(row.name);
  const bool everybodys = event.fault == Fault::kFreezeRedis ||
                          event.fault == Fault::kFreezeDatabase ||
                          event.fault == Fault::kLoneServer || event.fault == Fault::kLock;
  if (!everybodys) text += ", node " + std::to_string(event.node + 1);
  if (row.hits_link) text += event.link == Link::kRedis ? " to Redis" : " to MariaDB";
  switch (event.fault) {
    case Fault::kOneWay: text += event.detail == 0 ? " (there)" : " (back)"; break;
    case Fault::kSlow: text += " by " + std::to_string(event.detail) + " ms"; break;
    case Fault::kLostAnswer:
    case Fault::kLostCommit: {
      const std::string& kind = write_kinds()[static_cast<std::size_t>(event.detail)];
      text += " of " + (kind.empty() ? "any write" : kind);
      break;
    }
    case Fault::kClockJump: text += " by " + std::to_string(event.detail) + " s"; break;
    default: break;
  }
  if (event.fault != Fault::kReset) text += ", " + std::to_string(event.lasts.count()) + " ms";
  return text;
}

}  // namespace chat::test::nemesis
