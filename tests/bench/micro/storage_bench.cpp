#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <semaphore>
#include <utility>
#include <vector>

#include "bench/micro/samples.h"
#include "chat/base/check.h"
#include "chat/cluster/node_lease.h"
#include "chat/storage/message_model.h"
#include "chat/storage/migrations.h"
#include "chat/storage/sqlite_database.h"
#include "delivery/journal/journal.h"
#include "delivery/journal/stores.h"
#include "support/temp_dir.h"

// The journal on SQLite: a real file in $TMPDIR, WAL, synchronous=FULL. That folder should be on a
// disk: in memory an fsync costs nothing.
namespace chat::bench {
namespace {

constexpr std::int32_t kSenders = 64;
constexpr std::int32_t kOnlyRecipient = kSenders + 1;

// A migrated database with the users of the benchmark, and a store over it.
class Store {
 public:
  Store() : database_(folder_.file("chat.db")), lease_(database_, base::system_clock()) {
    CHAT_CHECK(database_.open().has_value());
    auto connection = database_.connect();
    CHAT_CHECK(connection.has_value());
    CHAT_CHECK(storage::migrate(**connection, storage::migrations_of(storage::Dialect::kSqlite))
                   .has_value());
    CHAT_CHECK((*connection)
                   ->execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
                             "i < 65) INSERT INTO user (id, name, name_key, password, created_at) "
                             "SELECT i, 'user' || i, 'user' || i, '', 0 FROM n;")
                   .has_value());
    CHAT_CHECK(lease_.begin({.name = "bench", .alone = true, .exclusive = true}).has_value());
  }
  std::unique_ptr<delivery::DirectStore> direct() {
    return delivery::make_direct_store(database_, lease_);
  }
  std::unique_ptr<delivery::GroupStore> group() {
    return delivery::make_group_store(database_, lease_);
  }

 private:
  test::TempDir folder_;
  storage::SqliteDatabase database_;
  cluster::NodeLease lease_;
};

// Rows in key order, the next of each sender's stream.
std::vector<storage::DirectMessage> next_rows(std::int64_t rows, Seq& seq) {
  std::vector<storage::DirectMessage> batch;
  const std::int64_t each = rows / kSenders;
  for (std::int32_t sender = 1; sender <= kSenders; ++sender) {
    for (std::int64_t i = 1; i <= each; ++i) {
      batch.push_back(direct_message({kOnlyRecipient}, {sender}, seq + i));
    }
  }
  seq += each;
  return batch;
}

void sqlite_batch(benchmark::State& state) {
  Store store;
  const auto direct = store.direct();
  Seq seq = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const auto rows = next_rows(state.range(0), seq);
    const auto pointers = storage::pointers_to(rows);
    state.ResumeTiming();
    CHAT_CHECK(direct->append(pointers, base::SteadyTime::max()).has_value());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sqlite_batch)->Arg(64)->Arg(256)->Arg(512)->UseRealTime();

std::vector<delivery::DirectEntry> entries_of(const std::vector<storage::DirectMessage>& rows) {
  std::vector<delivery::DirectEntry> entries;
  for (const auto& row : rows) {
    delivery::DirectEntry entry;
    entry.message = row;
    entry.sender_name = "user";
    entries.push_back(std::move(entry));
  }
  return entries;
}

// The same with the decisions of the journal: seqs and repeated cids.
void committer_batch(benchmark::State& state) {
  Store store;
  const auto direct = store.direct();
  delivery::ContactNews contact_news;
  delivery::DirectCommitter committer(*direct, contact_news, base::system_clock());
  Seq seq = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto entries = entries_of(next_rows(state.range(0), seq));
    state.ResumeTiming();
    committer.commit(entries);
    CHAT_CHECK(!entries.back().refusal && entries.back().message.seq == seq);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(committer_batch)->Arg(64)->Arg(256)->Arg(512)->UseRealTime();

// Signals when a given number of entries are settled.
class Settled final : public delivery::JournalListener {
 public:
  explicit Settled(std::int64_t entries) : expected_(entries) {}
  void on_direct_settled(std::vector<delivery::DirectEntry> entries) override {
    for (const auto& entry : entries) CHAT_CHECK(!entry.refusal);
    settled_ += static_cast<std::int64_t>(entries.size());
    if (settled_ < expected_) return;
    settled_ = 0;
    all_.release();
  }
  void on_group_settled(std::vector<delivery::GroupEntry>) override {}
  void wait() { all_.acquire(); }

 private:
  const std::int64_t expected_;
  std::int64_t settled_ = 0;
  std::binary_semaphore all_{0};
};

// Through the journal's queue and thread; it cuts the batches itself.
void journal(benchmark::State& state) {
  Store store;
  Settled settled(state.range(0));
  delivery::Journal journal(
      store.direct(), store.group(), settled, [] { return false; }, base::system_clock());
  journal.start();
  Seq seq = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto entries = entries_of(next_rows(state.range(0), seq));
    state.ResumeTiming();
    for (auto& entry : entries) CHAT_CHECK(journal.append(std::move(entry)));
    settled.wait();
  }
  journal.stop();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(journal)->Arg(64)->Arg(1024)->UseRealTime();

}  // namespace
}  // namespace chat::bench
