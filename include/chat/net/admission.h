#pragma once

#include <string>

#include "chat/net/address.h"

namespace chat::net {

// Decides who may come in, and counts who is in. Every true of admit() and hold_place() is
// followed by exactly one gone() or free_place().
// Threading: gone() is called in the connection's loop, the rest in the main loop.
class Admission {
 public:
  virtual ~Admission() = default;
  // A client has connected. False refuses it: `farewell` is sent before the socket is closed.
  virtual bool admit(const Address& client, std::string& farewell) = 0;
  // An admitted client's connection is closed.
  virtual void gone(const Address& client) = 0;
  // A balancer has connected and not said yet for whom: counts in all, but for no address. False
  // refuses it as above.
  virtual bool hold_place(std::string& farewell) = 0;
  // It has said so (admit() follows at once), or it is closed.
  virtual void free_place() = 0;
};

}  // namespace chat::net
