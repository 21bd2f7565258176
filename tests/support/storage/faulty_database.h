#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "chat/storage/database.h"
#include "forwarding_connection.h"

namespace chat::storage {

// A real database whose commits are counted and can be made to fail or to lose their answer.
// Ownership: `real` outlives it. Threading: like the real one.
class FaultyDatabase final : public Database {
 public:
  enum class Loss { kBeforeTheEffect, kAfterTheEffect };

  explicit FaultyDatabase(Database& real) : real_(real) {}

  Dialect dialect() const override { return real_.dialect(); }
  Result<void> open() override { return {}; }
  void close() override {}
  Result<std::unique_ptr<Connection>> connect() override {
    if (unreachable) return fail(ErrorCode::kUnavailable, "nobody answers");
    auto opened = real_.connect();
    if (!opened) return fail(opened);
    return std::make_unique<FaultyConnection>(*this, std::move(*opened));
  }
  std::string describe() const override { return "faulty"; }

  // The answers to the next `count` commits are lost, with their connections.
  void lose(Loss loss, int count = 1) {
    loss_ = loss;
    losses_left = count;
  }

  std::atomic<bool> failing = false;      // commits are refused
  std::atomic<bool> unreachable = false;  // for new connections
  std::atomic<int> losses_left = 0;
  std::atomic<int> failures = 0;
  std::atomic<int> commits = 0;  // that were answered

 private:
  class FaultyConnection final : public ForwardingConnection {
   public:
    FaultyConnection(FaultyDatabase& database, std::unique_ptr<Connection> real)
        : ForwardingConnection(*real), database_(database), real_(std::move(real)) {}

    Result<void> commit() override {
      if (database_.failing) {
        ++database_.failures;
        return fail(ErrorCode::kUnavailable, "no disk");
      }
      if (database_.losses_left > 0) {
        --database_.losses_left;
        ++database_.failures;
        lost_ = true;
        if (database_.loss_ == Loss::kAfterTheEffect) {
          if (auto committed = real_->commit(); !committed) return committed;
        }
        return fail(ErrorCode::kOutcomeUnknown, "the answer is lost");
      }
      ++database_.commits;
      return real_->commit();
    }
    bool usable() const override { return !lost_ && real_->usable(); }

   private:
    FaultyDatabase& database_;
    std::unique_ptr<Connection> real_;
    bool lost_ = false;
  };

  Database& real_;
  std::atomic<Loss> loss_ = Loss::kAfterTheEffect;
};

}  // namespace chat::storage
