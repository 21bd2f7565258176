#include <benchmark/benchmark.h>

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "bench/micro/samples.h"
#include "chat/base/check.h"
#include "chat/cluster/local_bus.h"
#include "chat/delivery/push_json.h"
#include "chat/storage/pool.h"
#include "chat/storage/sqlite_database.h"
#include "delivery/push/loop_delivery.h"
#include "support/session_rig.h"

// What a push to a logged-in user costs in its loop, up to the connection's output.
namespace chat::bench {
namespace {

constexpr int kPushesPerRound = 256;
constexpr UserId kRecipient{1002};
constexpr UserId kSender{1001};

// A session whose client reads everything and discards it.
class Reader {
 public:
  explicit Reader(test::SessionRig& rig) {
    int ends[2] = {-1, -1};
    CHAT_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    far_end_.reset(ends[0]);
    session_ = rig.adopt(base::UniqueFd(ends[1]));
    thread_ = std::thread([this] {
      char buffer[64 * 1024];
      while (::recv(far_end_.get(), buffer, sizeof(buffer), 0) > 0) {
      }
    });
  }
  ~Reader() {
    ::shutdown(far_end_.get(), SHUT_RDWR);
    thread_.join();
  }
  session::Session& session() { return *session_; }

 private:
  base::UniqueFd far_end_;
  std::shared_ptr<session::Session> session_;
  std::thread thread_;
};

// A window in a loop. It has no tables, as nothing is read from them.
struct Deliveries {
  explicit Deliveries(test::SessionRig& rig) : loop(backlog, writeback, bus, rig.workers()) {}

  storage::SqliteDatabase database{"unused"};
  storage::Pool pool{database, {}, base::system_clock()};
  delivery::UserNameCache user_names{pool};
  delivery::Backlog backlog{pool, user_names};
  delivery::Writeback writeback{pool};
  cluster::LocalHub hub;
  cluster::LocalBus bus{hub};
  delivery::LoopDelivery loop;
};

// The pushes of a round and, from a client that acknowledges, their acknowledgements.
void push_round(delivery::Window& window, bool acknowledges, Seq& seq,
                const std::shared_ptr<const std::string>& json) {
  const auto stream = delivery::StreamKey::from(kSender);
  for (int i = 0; i < kPushesPerRound; ++i) {
    window.offer({stream, ++seq, kSender, 1, json, true});
    if (acknowledges) CHAT_CHECK(window.acknowledge(stream, seq));
  }
}

void window_push(benchmark::State& state, bool acknowledges) {
  test::SessionRig rig(1, 1);
  Deliveries deliveries(rig);
  Reader reader(rig);
  const auto window = [&] { return delivery::Window::of(reader.session()); };
  rig.in_loop([&] {
    deliveries.loop.attach(reader.session(), kRecipient, acknowledges, {}, [] {});
    window()->release({}, {});
  });
  const auto json = std::make_shared<const std::string>(
      delivery::push_json(direct_message(kRecipient, kSender, 1), "user1001"));
  Seq seq = 0;
  for (auto _ : state) {
    const auto spent = rig.in_loop([&] {
      const auto began = std::chrono::steady_clock::now();
      push_round(*window(), acknowledges, seq, json);
      return std::chrono::steady_clock::now() - began;
    });
    state.SetIterationTime(std::chrono::duration<double>(spent).count());
  }
  state.SetItemsProcessed(state.iterations() * kPushesPerRound);
  rig.stop();
}
BENCHMARK_CAPTURE(window_push, acknowledging_client, true)->UseManualTime();
BENCHMARK_CAPTURE(window_push, plain_client, false)->UseManualTime();

}  // namespace
}  // namespace chat::bench
