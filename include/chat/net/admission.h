#pragma once

#include <string>

#include "chat/net/address.h"

namespace chat::net {

// Limits the number of connections. Each successful admit() is followed by exactly one gone(), each
// successful hold_place() by exactly one free_place().
// Threading: gone() is called in the connection's loop, the rest in the main loop.
class Admission {
 public:
  virtual ~Admission() = default;
  // A client has connected. False refuses it: `farewell` is sent before the socket is closed.
  virtual bool admit(const Address& client, std::string& farewell) = 0;
  // An admitted client's connection is closed.
  virtual void gone(const Address& client) = 0;
  // A balancer has connected and not yet named its client: counts in total, but for no address.
  // False refuses it as above.
  virtual bool hold_place(std::string& farewell) = 0;
  // The balancer has named its client (admit() follows at once), or the connection has closed.
  virtual void free_place() = 0;
};

}  // namespace chat::net
