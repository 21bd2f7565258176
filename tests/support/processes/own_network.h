#pragma once

#include <cstdint>
#include <string>

namespace chat::test {

// A network namespace of this program's own: nothing but its loopback interface, which this program
// and the children that it starts from then on share, and on which packets can be lost. It goes
// with the program. Threading: externally synchronised.
class OwnNetwork {
 public:
  // Why there can be none here; empty when there can. The first call moves this program there; it
  // must be made before there are threads or children.
  static std::string missing();

  OwnNetwork() { pass_all(); }
  ~OwnNetwork() { pass_all(); }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;

  // TCP packets to (from) this port are lost from now on. Throws when that can't be set.
  void drop_to(std::uint16_t port);
  void drop_from(std::uint16_t port);
  void pass_all();
};

}  // namespace chat::test
