#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace chat::test::nemesis {

// A session of somebody else on MariaDB that locks rows or tables until its end, if it gets the
// locks. Threading: confined to one thread, besides its own.
class ForeignLock {
 public:
  // `sql` takes the locks; its last statement is the one that may wait.
  ForeignLock(std::string database, const std::string& sql);
  ~ForeignLock();
  ForeignLock(const ForeignLock&) = delete;
  ForeignLock& operator=(const ForeignLock&) = delete;

 private:
  const std::string mark_;  // of its statements
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace chat::test::nemesis
