#pragma once

#include <cstdint>
#include <string>

namespace chat::test {

// A private network namespace with only a loopback interface, shared by this program and the
// children started from then on, on which packets can be dropped. It ends with the program.
// Threading: externally synchronised.
class OwnNetwork {
 public:
  // Why it is unavailable here; empty if available. The first call moves this program there; call
  // it before there are threads or children.
  static std::string missing();

  OwnNetwork() { pass_all(); }
  ~OwnNetwork() { pass_all(); }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;

  // Drops TCP packets to (from) this port from now on. Throws on failure.
  void drop_to(std::uint16_t port);
  void drop_from(std::uint16_t port);
  void pass_all();
};

}  // namespace chat::test
