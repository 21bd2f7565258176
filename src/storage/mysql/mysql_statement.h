#pragma once

#include <mysql.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/storage/database.h"
#include "storage/mysql/mysql_handle.h"
#include "storage/mysql/mysql_watch.h"

namespace chat::storage {

// A statement's interface to its connection (MysqlConnection). Threading: as the connection.
class MysqlStatementHost {
 public:
  // Fails if no statement may start now.
  virtual Result<void> admit() const = 0;
  // The scope of a call that waits for the database.
  virtual MysqlWatch::Call begin_call() = 0;
  // The database has answered.
  virtual void heard() = 0;
  virtual void wrote(std::int64_t affected_rows, std::int64_t insert_id) = 0;
  // Converts the error of a failed call, and records its effect on the connection.
  virtual Error failed(unsigned number, std::string_view message, std::string_view doing) = 0;
  virtual bool in_transaction() const = 0;
  // True if the connection died: its last statement may have taken effect.
  virtual bool gone() const = 0;

 protected:
  ~MysqlStatementHost() = default;
};

// A statement prepared on the server. Its result is fetched completely when it runs, so that the
// connection is free for other statements while the rows are read.
class MysqlStatement final : public Statement {
 public:
  MysqlStatement(MysqlStatementHost& connection, MysqlStatementHandle handle, std::string_view sql);
  MysqlStatement(const MysqlStatement&) = delete;
  MysqlStatement& operator=(const MysqlStatement&) = delete;

  void bind(int parameter, std::int64_t value) override;
  void bind(int parameter, std::string_view text) override;
  void bind_null(int parameter) override;
  void add_row() override;
  Result<bool> step() override;
  void reset() noexcept override;
  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  std::string_view text(int column) const override;

 private:
  enum class State { kReset, kRunning, kEnded };
  struct Column {
    bool is_integer = false;
    std::int64_t integer = 0;
    std::string text;
    unsigned long length = 0;
    MysqlBool is_null = 0;
  };
  // One parameter of all rows, in the library's format.
  struct RowValues {
    std::vector<std::int64_t> integers;
    std::vector<const char*> texts;
    std::vector<unsigned long> lengths;
  };

  MYSQL_BIND& parameter(int index);
  const Column& column(int index) const;
  Result<void> start();
  bool bind_to_run();
  void bind_rows();
  Result<void> take_result();
  void bind_columns(const MYSQL_FIELD* fields);
  tl::unexpected<Error> failed();

  MysqlStatementHost& connection_;
  const MysqlStatementHandle handle_;
  const std::string sql_;

  State state_ = State::kReset;
  std::vector<MYSQL_BIND> parameters_;
  std::vector<std::int64_t> integers_;  // the values that parameters_ point to
  std::vector<RowValues> row_values_;   // per parameter; empty until add_row()
  unsigned rows_ = 0;                   // in row_values_; 0: only the bound values
  std::vector<Column> columns_;
  std::vector<MYSQL_BIND> results_;  // point into columns_
};

}  // namespace chat::storage
