#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What fails, when and for how long: a pure function of the seed, so that a run can be repeated.
//
// A schedule consists of rounds of two kinds, in turn. In a full round an event begins every 0.2 to
// 3 s, and they overlap; then all end, except for one standing event, and the guarantees must hold
// again within their time limits. In a light round one short fault repeats on one node, or the
// answers to one kind of write and then to another are lost on every node, and nothing else fails:
// a long fault makes a node repair everything, which would hide the losses of a short one. All
// kinds get their turn.
namespace chat::test::nemesis {

using std::chrono::milliseconds;

enum class Fault {
  kCut,         // the link's connections are reset and new ones are refused
  kStall,       // nothing passes in either direction; no error
  kOneWay,      // nothing passes in one direction
  kSlow,        // everything arrives late
  kReset,       // the link's connections are reset once
  kSubscriber,  // only the connection that subscribed to Redis stalls
  kPublisher,   // only the connections that publish to Redis stall
  kOtherRedis,  // the node talks to a Redis server that no other node uses
  kFreezeNode,  // SIGSTOP, later SIGCONT
  kFreezeRedis,
  kFreezeDatabase,
  kKillNode,    // SIGKILL, later a start
  kLostAnswer,  // the answers to the commits of one kind of write are lost
  kLostCommit,  // the commits themselves are lost
  kLateCommit,  // a commit and what follows it on the link arrive late
  kLoneServer,  // a server without a bus is started on the cluster's database
  kTakenName,   // a server is started under a name that another one holds
  kClockJump,   // the wall clock of the last node jumps
  kLock,        // somebody else locks rows or tables of the database
};
constexpr std::size_t kFaults = 19;

enum class Link { kRedis, kDatabase };

struct Event {
  milliseconds at{0};  // from the beginning of its round
  milliseconds lasts{0};
  Fault fault = Fault::kCut;
  std::size_t node = 0;
  Link link = Link::kRedis;
  // The direction of kOneWay (0: to the server), the latency of kSlow in ms, the index in
  // write_kinds() of kLostAnswer and kLostCommit, the seconds of kClockJump, the index in
  // foreign_locks() of kLock.
  int detail = 0;

  friend bool operator==(const Event&, const Event&) = default;
};

struct Round {
  bool light = false;
  std::vector<std::string> lost;  // of a light round: the kinds of write, as in write_kinds()
  std::vector<Event> events;      // by `at`
  std::optional<Event> standing;
};

// Texts of the statements whose commits can be lost; the empty one means any write.
const std::vector<std::string>& write_kinds();

struct ForeignLockKind {
  std::string_view name;
  std::string_view sql;
};
std::span<const ForeignLockKind> foreign_locks();

Round draw_round(std::uint64_t seed, std::size_t number, std::size_t nodes);

std::string describe(const Event& event);

}  // namespace chat::test::nemesis
