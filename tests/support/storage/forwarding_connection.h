#pragma once

#include "chat/storage/database.h"

namespace chat::storage {

// Forwards everything to `inner`. Base for tests that observe or modify calls. Ownership: the
// caller keeps `inner` alive.
class ForwardingConnection : public Connection {
 public:
  explicit ForwardingConnection(Connection& inner) : inner_(inner) {}

  Dialect dialect() const override { return inner_.dialect(); }
  Result<Statement*> prepare(std::string_view sql) override { return inner_.prepare(sql); }
  Result<void> execute(std::string_view script) override { return inner_.execute(script); }
  Result<void> begin(TransactionKind kind) override { return inner_.begin(kind); }
  Result<void> begin_implicitly() override { return inner_.begin_implicitly(); }
  Result<void> commit() override { return inner_.commit(); }
  Result<void> commit_by(base::SteadyTime by) override { return inner_.commit_by(by); }
  Result<std::string> server_time(base::SteadyTime at) override { return inner_.server_time(at); }
  void rollback() noexcept override { inner_.rollback(); }
  bool in_transaction() const override { return inner_.in_transaction(); }
  std::int64_t affected_rows() const override { return inner_.affected_rows(); }
  std::int64_t last_insert_id() const override { return inner_.last_insert_id(); }
  Result<void> set_lock_waits(LockWaits waits) override { return inner_.set_lock_waits(waits); }
  bool met_lock() const override { return inner_.met_lock(); }
  bool usable() const override { return inner_.usable(); }
  Result<void> ping() override { return inner_.ping(); }

 private:
  Connection& inner_;
};

}  // namespace chat::storage
