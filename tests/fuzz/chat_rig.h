#pragma once

#include <memory>
#include <string>

#include "chat/base/unique_fd.h"

namespace chat::fuzz {

// A complete chat server without listeners: sessions over socket pairs, all services, and a private
// SQLite file. It has one I/O loop and one worker, to reduce the effect of scheduling. Making one
// takes longer than a hundred inputs, so all inputs share one, which begin_anew() resets: the users
// alice, bob and carol (1, 2, 3) with the password "secret1", bob a friend of alice, and a group 1
// of alice and bob.
// Threading: one thread uses it. Ownership: close the far ends of its sockets before destroying it;
// the destructor waits until every session is gone.
class ChatRig {
 public:
  // The database is in `folder`, which outlives it.
  explicit ChatRig(const std::string& folder);
  ~ChatRig();

  // The far end of a new connection. Non-blocking.
  base::UniqueFd connect();
  // Waits until every session is gone, whose far ends are closed, and undoes their effects. Checks
  // what must be empty then. Only offline notifications may arrive later, at users logged in by
  // then.
  void begin_anew();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace chat::fuzz
