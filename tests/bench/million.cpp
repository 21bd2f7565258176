// A million logged-in users in one process, without their sockets.
//
// The memory that a server needs for one logged-in user must be small, and the time that an
// operation on one user takes must not grow with the number of users. So this program creates the
// server's own objects for a thousand users and for a million, measures the heap that each kind
// takes, and times operations on one randomly chosen user at a time, in both crowds.
//
// The objects are the real ones: sessions, the registry, windows with their streams, rosters,
// subscriptions, cached names. Only the connection under each session has no socket; it is counted
// separately, with the timer that it contains, because it belongs to the missing socket.
//
// Exit code 1 means that something was wrong, not that it was slow or large.

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/check.h"
#include "chat/base/log.h"
#include "chat/base/option_parser.h"
#include "chat/base/slab.h"
#include "chat/cluster/local_bus.h"
#include "chat/session/crowd_limit.h"
#include "chat/session/registry.h"
#include "chat/session/session.h"
#include "chat/storage/migrations.h"
#include "chat/storage/sqlite_database.h"
#include "delivery/push/loop_delivery.h"
#include "support/temp_dir.h"

namespace chat::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kGroupSize = 100;    // members of each group; each user is in one
constexpr int kWatchers = 10;      // users notified when a user comes or goes
constexpr int kSmallCrowd = 1000;  // what the large one is compared with
constexpr int kBytesMax = 700;     // the aim for each user
constexpr double kRatioMax =
    3;  // the aim for the times in the large crowd, relative to the small one
constexpr std::size_t kPickedMax = 200'000;

// In use in the C library's heap, and in the slabs.
std::int64_t heap_bytes() {
  const auto info = ::mallinfo2();
  return static_cast<std::int64_t>(info.uordblks + info.hblkhd + base::Slab::mapped_bytes());
}

// No requests are made here.
class NoRequests final : public session::RequestHandler {
 public:
  const session::RequestTraits& traits_of(int) const override { return traits_; }
  void handle(session::Session&, protocol::Request&, const session::RequestTraits&) override {}
  void end(session::Session&) override {}

 private:
  const session::RequestTraits traits_{};
};

// Windows subscribe through the bus. Subscriptions are measured separately, so this bus does
// nothing.
class NoBus final : public cluster::Bus {
 public:
  void set_cluster(std::string) override {}
  Result<void> start(cluster::BusListener&) override { return {}; }
  void stop() override {}
  void subscribe(std::vector<cluster::Channel>, base::Task heard) override { heard(); }
  void unsubscribe(std::vector<cluster::Channel>) override {}
  void publish(std::vector<cluster::BusMessage>) override {}
  bool alone() const override { return true; }
  bool up() const override { return true; }
  std::uint64_t losses() const override { return 0; }
  std::string describe() const override { return "none"; }
};

// A table of users to read names from.
class Names {
 public:
  explicit Names(std::int64_t users) : database_(folder_.file("chat.db")) {
    CHAT_CHECK(database_.open().has_value());
    auto connection = database_.connect();
    CHAT_CHECK(connection.has_value());
    CHAT_CHECK(storage::migrate(**connection, storage::migrations_of(storage::Dialect::kSqlite))
                   .has_value());
    const std::string fill =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(users) +
        ") INSERT INTO user (id, name, name_key, password, created_at)"
        " SELECT i, 'user' || i, 'user' || i, '', 0 FROM n;";
    CHAT_CHECK((*connection)->execute(fill).has_value());
  }
  ~Names() { database_.close(); }

  storage::Database& database() { return database_; }

 private:
  test::TempDir folder_;
  storage::SqliteDatabase database_;
};

// The users 1 … n, all logged in, on one loop. Everything but in_loop() belongs in that loop.
class Crowd final : public net::ConnectionOwner {
 public:
  Crowd(int users, storage::Database& names) : users_(users), pool_(names, {}, clock_) {
    CHAT_CHECK(loop_.open().has_value());
    connections_.reserve(size());
    sessions_.reserve(size());
    pushed_.resize(size());
  }

  // Runs the loop in this thread, and the call in the loop. Call it once.
  void in_loop(const std::function<void()>& call) {
    loop_.post([this, &call] {
      call();
      loop_.stop();
    });
    loop_.run();
  }

  void log_in() {
    measure("connection", [this] { add_connections(); });
    measure("session", [this] { add_sessions(); });
    measure("identity", [this] { add_identities(); });
    measure("registry", [this] { add_to_registry(); });
    measure("window_streams_roster", [this] { add_windows(); });
    measure("subscription", [this] { add_subscriptions(); });
    measure("known_name", [this] { add_names(); });
  }

  int users() const { return users_; }
  // The memory of each part, for all users.
  const std::vector<std::pair<std::string, std::int64_t>>& parts() const { return parts_; }

  // Operations on one user. Each returns false if it failed.
  bool look_up(UserId user) {
    const auto found = registry_.look_up(user);
    return found.sure && found.session != nullptr;
  }
  bool tell_watchers(UserId user) {
    bool all = true;
    for (int i = 0; i < kWatchers; ++i) {
      const UserId watcher{static_cast<std::int32_t>(
          (std::int64_t{user.value} * 7919 + i * std::int64_t{104729}) % users_ + 1)};
      all = registry_.look_up(watcher).session != nullptr && all;
    }
    return all;
  }
  bool push(UserId user) {
    const auto found = registry_.look_up(user);
    delivery::Window* window = delivery::Window::of(*found.session);
    const auto stream = delivery::StreamKey::from(sender_of(user));
    const Seq seq = ++pushed_[index(user)];
    window->offer({stream, seq, sender_of(user), 1, text_, true});
    return window->acknowledge(stream, seq) && !window->acknowledge(stream, seq + 1);
  }
  bool re_arm(UserId user) {
    net::Connection& connection = *connections_[index(user)];
    rearmed_ += std::chrono::milliseconds(1);
    connection.set_deadline(loop_.now() + std::chrono::seconds(30) +
                            rearmed_ % std::chrono::seconds(45));
    return connection.deadline().has_value();
  }
  bool subscribe_again(UserId user) {
    bus_.unsubscribe({cluster::channel_of(user)});
    bool heard = false;
    bus_.subscribe({cluster::channel_of(user)}, [&heard] { heard = true; });
    return heard;
  }
  bool name(UserId user) {
    const auto name = user_names_.name_of(user);
    return name && name->has_value();
  }
  bool come_and_go(UserId user) {
    registry_.release(user, *session(user));
    return reserve(user) && look_up(user);
  }

  // Removes pushed output from the connections, as their sockets would.
  void drain(const std::vector<UserId>& users) {
    if (!has_sockets()) return;
    for (const UserId user : users) {
      session::Session& drained = *session(user);
      const auto waits = drained.socket().queued_total() - drained.socket().written_total();
      if (waits == 0) continue;
      connections_[index(user)]->flush_now();
      static_cast<net::ConnectionHandler&>(drained.socket()).on_written(waits);
    }
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(users_); }
  static std::size_t index(UserId user) { return static_cast<std::size_t>(user.value - 1); }
  const std::shared_ptr<session::Session>& session(UserId user) { return sessions_[index(user)]; }
  UserId sender_of(UserId user) const { return {user.value % users_ + 1}; }
  static GroupId group_of(UserId user) { return {(user.value - 1) / kGroupSize + 1}; }

  void measure(const char* part, const std::function<void()>& add) {
    const std::int64_t before = heap_bytes();
    add();
    parts_.emplace_back(part, heap_bytes() - before);
  }
  template <typename Call>
  void for_each(Call call) {
    for (std::int32_t id = 1; id <= users_; ++id) call(UserId{id});
  }

  void add_connections() {
    const auto address = net::Address::parse("203.0.113.7:40000");
    for_each([&](UserId) {
      connections_.push_back(
          std::make_unique<net::Connection>(loop_, *this, socket_for_one(), *address));
    });
  }
  // The small crowd is pushed to again and again, so its output must go somewhere.
  bool has_sockets() const { return users_ <= kSmallCrowd; }
  base::UniqueFd socket_for_one() const {
    return has_sockets() ? base::UniqueFd(::dup(sink_.get())) : base::UniqueFd();
  }
  static base::UniqueFd open_sink(base::UniqueFd& far_end) {
    int ends[2] = {-1, -1};
    CHAT_CHECK(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    far_end.reset(ends[0]);
    return base::UniqueFd(ends[1]);
  }
  void add_sessions() {
    for_each([&](UserId user) {
      sessions_.push_back(
          std::allocate_shared<session::Session>(base::SlabAllocator<session::Session>(), context_,
                                                 *connections_[index(user)], std::size_t{0}));
      sessions_.back()->socket().logged_in(true);
    });
  }
  void add_identities() {
    for_each([&](UserId user) {
      session(user)->set_identity({user, true, "user" + std::to_string(user.value), 1, {}});
    });
  }
  bool reserve(UserId user) {
    const auto reserved = registry_.reserve(user, session(user), false, [] {});
    registry_.claimed(user, *session(user), 1);
    return reserved == session::Registry::Reservation::kGranted;
  }
  void add_to_registry() {
    for_each([&](UserId user) { CHAT_CHECK(reserve(user)); });
  }
  // Each with one sender who has written, and one group.
  void add_windows() {
    for_each([&](UserId user) {
      const GroupId group = group_of(user);
      deliveries_.attach(*session(user), user, true, {group}, [] {});
      delivery::Window::of(*session(user))
          ->release({{delivery::StreamKey::from(sender_of(user)), 0, 0},
                     {delivery::StreamKey::of(group), 0, 0}},
                    {});
    });
  }
  void add_subscriptions() {
    for_each([&](UserId user) {
      bus_.subscribe({cluster::channel_of(user), cluster::channel_of(group_of(user))}, {});
    });
  }
  void add_names() {
    for_each([&](UserId user) { CHAT_CHECK(name(user)); });
  }
  std::unique_ptr<net::Connection> take_out(net::Connection&) override { return nullptr; }

  const int users_;
  const base::Clock& clock_ = base::system_clock();
  base::UniqueFd sink_far_end_;
  base::UniqueFd sink_ = open_sink(sink_far_end_);
  net::EventLoop loop_{clock_};
  base::WorkerPool workers_{"none", 1, 1};  // not started: nothing is read from the tables
  NoRequests no_requests_;
  session::CrowdLimit slow_clients_{0};
  session::CrowdLimit silent_clients_{0};
  base::MemoryRateStore rates_{clock_};
  session::SessionContext context_{{workers_, workers_}, no_requests_, clock_, slow_clients_,
                                   silent_clients_,      rates_,       {}};
  storage::Pool pool_;
  delivery::UserNameCache user_names_{pool_};
  delivery::Backlog backlog_{pool_, user_names_};
  delivery::Writeback writeback_{pool_};
  NoBus no_bus_;
  delivery::LoopDelivery deliveries_{backlog_, writeback_, no_bus_, workers_};
  session::Registry registry_;
  cluster::LocalHub hub_;
  cluster::LocalBus bus_{hub_};
  std::vector<std::unique_ptr<net::Connection>> connections_;
  std::vector<std::shared_ptr<session::Session>> sessions_;

  std::vector<std::pair<std::string, std::int64_t>> parts_;
  std::vector<Seq> pushed_;
  std::chrono::milliseconds rearmed_{0};
  const std::shared_ptr<const std::string> text_ =
      std::make_shared<const std::string>(std::string(200, 'x'));
};

struct Operation {
  const char* name;
  bool (Crowd::*run)(UserId user);
  bool pushes = false;
};

constexpr Operation kOperations[] = {
    {"look_up", &Crowd::look_up},
    {"presence_of_10_watchers", &Crowd::tell_watchers},
    {"push_and_acknowledge", &Crowd::push, true},
    {"timer_re_arm", &Crowd::re_arm},
    {"unsubscribe_and_subscribe", &Crowd::subscribe_again},
    {"known_name", &Crowd::name},
    {"release_and_reserve", &Crowd::come_and_go},
};
constexpr std::size_t kOperationCount = std::size(kOperations);

// Random users; in a large crowd nobody twice, so that the caches stay cold.
std::vector<UserId> pick(int users, std::mt19937& random) {
  std::vector<UserId> picked(static_cast<std::size_t>(users));
  for (std::size_t i = 0; i < picked.size(); ++i)
    picked[i].value = static_cast<std::int32_t>(i + 1);
  std::shuffle(picked.begin(), picked.end(), random);
  picked.resize(std::min(picked.size(), kPickedMax));
  return picked;
}

// Nanoseconds for one user: the best of several rounds.
double time_of(Crowd& crowd, const Operation& operation) {
  constexpr std::size_t kCallsPerTurn = kPickedMax;
  constexpr int kTurns = 3;
  std::mt19937 random(1);
  double best = 1e18;
  for (int turn = 0; turn < kTurns; ++turn) {
    std::chrono::nanoseconds spent{0};
    std::size_t calls = 0;
    while (calls < kCallsPerTurn) {
      const auto users = pick(crowd.users(), random);
      const auto began = std::chrono::steady_clock::now();
      bool all = true;
      for (const UserId user : users) all = (crowd.*operation.run)(user) && all;
      spent += std::chrono::steady_clock::now() - began;
      CHAT_CHECK(all);
      calls += users.size();
      if (operation.pushes) crowd.drain(users);
    }
    best = std::min(best, static_cast<double>(spent.count()) / static_cast<double>(calls));
  }
  return best;
}

std::vector<double> log_in_and_time(Crowd& crowd) {
  std::vector<double> times;
  crowd.in_loop([&] {
    crowd.log_in();
    for (const Operation& operation : kOperations) times.push_back(time_of(crowd, operation));
  });
  return times;
}

Json memory_report(const Crowd& crowd) {
  Json report;
  double total = 0;
  for (const auto& [part, bytes] : crowd.parts()) {
    const double each = static_cast<double>(bytes) / crowd.users();
    report[part] = each;
    if (part != "connection") total += each;
  }
  report["total_without_connection"] = total;
  return report;
}

Json times_report(const std::vector<double>& small, const std::vector<double>& large) {
  Json report;
  for (std::size_t i = 0; i < kOperationCount; ++i) {
    report[kOperations[i].name] = {
        {"ns_small", small[i]}, {"ns_large", large[i]}, {"ratio", large[i] / small[i]}};
  }
  return report;
}

void print(const Json& report) {
  std::printf("%d users, each with one sender's stream and one group of %d; heap bytes a user:\n",
              report["users"].get<int>(), kGroupSize);
  for (const auto& [part, bytes] : report["bytes_per_user"].items()) {
    std::printf("  %-28s %8.1f\n", part.c_str(), bytes.get<double>());
  }
  std::printf("  (the aim is at most %d without the connection)\n", kBytesMax);
  std::printf(
      "nanoseconds for one user among %d and among all, and the ratio (aim: at most %.0f):\n",
      kSmallCrowd, kRatioMax);
  for (const auto& [name, times] : report["operations"].items()) {
    std::printf("  %-28s %8.0f %8.0f %6.1f\n", name.c_str(), times["ns_small"].get<double>(),
                times["ns_large"].get<double>(), times["ratio"].get<double>());
  }
}

int run(int users, const std::string& json_file) {
  CHAT_CHECK(log::configure(log::Level::kWarn, ""));
  Names names(std::max(users, kSmallCrowd));
  Crowd small(kSmallCrowd, names.database());
  Crowd large(users, names.database());
  const auto small_times = log_in_and_time(small);
  const auto large_times = log_in_and_time(large);
  const Json report{{"users", users},
                    {"bytes_per_user", memory_report(large)},
                    {"operations", times_report(small_times, large_times)}};
  print(report);
  if (!json_file.empty()) std::ofstream(json_file) << report.dump(2) << '\n';
  return 0;
}

}  // namespace
}  // namespace chat::bench

int main(int argc, char** argv) {
  chat::base::OptionParser parser(
      "chatbench-million",
      "What a million logged-in users cost one server process, without their sockets");
  int users = 1'000'000;
  std::string json_file;
  parser.whole_number("--users", users, 1000, 1'000'000, "how many");
  parser.text("--json", json_file, "write the figures to this file too");
  if (const auto code = parser.parse_or_leave(argc, argv)) return *code;
  return chat::bench::run(users, json_file);
}
