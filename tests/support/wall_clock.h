#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/temp_dir.h"

namespace chat::test {

// Controls the wall clock of programs started while an Enter lives: libfaketime rereads its offset
// from a file. Their monotonic clock is not affected.
// Threading: externally synchronised; an Enter changes this program's environment.
class WallClock {
 public:
  static constexpr const char* kLibrary = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

  WallClock() { set("+0"); }
  void set(const std::string& offset_s) {
    std::ofstream(dir_.file("new")) << offset_s << '\n';
    std::filesystem::rename(dir_.file("new"), dir_.file("offset"));
  }
  class Enter {
   public:
    explicit Enter(const WallClock& clock) {
      ::setenv("FAKETIME_TIMESTAMP_FILE", clock.dir_.file("offset").c_str(), 1);
      ::setenv("FAKETIME_CACHE_DURATION", "1", 1);
      ::setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
      ::setenv("LD_PRELOAD", kLibrary, 1);
    }
    ~Enter() { ::unsetenv("LD_PRELOAD"); }
    Enter(const Enter&) = delete;
    Enter& operator=(const Enter&) = delete;
  };

 private:
  TempDir dir_;
};

}  // namespace chat::test
