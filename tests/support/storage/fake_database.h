#pragma once

#include <atomic>
#include <memory>
#include <new>
#include <string>

#include "chat/storage/database.h"

namespace chat::storage {

// A database without data whose connections are counted and can be made to fail.
class FakeDatabase final : public Database {
 public:
  class FakeConnection final : public Connection {
   public:
    FakeConnection(FakeDatabase& database, int which) : number(which), database_(database) {}
    ~FakeConnection() override { --database_.open_now; }

    Dialect dialect() const override { return Dialect::kSqlite; }
    Result<Statement*> prepare(std::string_view) override {
      return fail(ErrorCode::kInternal, "not here");
    }
    Result<void> execute(std::string_view) override { return {}; }
    Result<void> begin(TransactionKind) override {
      in_transaction_ = true;
      return {};
    }
    Result<void> commit() override {
      if (database_.commits_fail) return fail(ErrorCode::kInternal, "refused");
      in_transaction_ = false;
      return {};
    }
    void rollback() noexcept override {
      ++database_.rollbacks;
      in_transaction_ = false;
    }
    bool in_transaction() const override { return in_transaction_; }
    std::int64_t affected_rows() const override { return 0; }
    std::int64_t last_insert_id() const override { return 0; }
    Result<void> set_lock_waits(LockWaits waits) override {
      lock_waits = waits;
      meets_lock = false;
      return {};
    }
    bool met_lock() const override { return meets_lock; }
    bool usable() const override { return alive; }
    Result<void> ping() override {
      ++database_.pings;
      if (!alive || !answers) return fail(ErrorCode::kUnavailable, "dead");
      return {};
    }

    const int number;  // the first opened is 1
    LockWaits lock_waits;
    bool meets_lock = false;
    bool alive = true;
    bool answers = true;  // a silently dead peer looks alive until used

   private:
    FakeDatabase& database_;
    bool in_transaction_ = false;
  };

  Dialect dialect() const override { return Dialect::kSqlite; }
  Result<void> open() override { return {}; }
  void close() override {}
  Result<std::unique_ptr<Connection>> connect() override {
    if (reachable) {
      const int now = ++open_now;
      if (now > most_open) most_open = now;
      return std::make_unique<FakeConnection>(*this, ++opened);
    }
    if (throws) throw std::bad_alloc();
    return fail(ErrorCode::kTimeout, "nobody answers");
  }
  std::string describe() const override { return "fake"; }

  std::atomic<bool> reachable = true;
  std::atomic<bool> throws = false;
  std::atomic<bool> commits_fail = false;
  std::atomic<int> open_now = 0;
  std::atomic<int> most_open = 0;
  std::atomic<int> opened = 0;
  std::atomic<int> pings = 0;
  std::atomic<int> rollbacks = 0;
};

}  // namespace chat::storage
