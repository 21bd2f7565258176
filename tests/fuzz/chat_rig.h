#pragma once

#include <memory>
#include <string>

#include "chat/base/unique_fd.h"

namespace chat::fuzz {

// A whole chat server without its listeners: sessions over socket pairs, all services, an SQLite
// file of its own. One I/O loop and one worker, so that little depends on how threads are
// scheduled. Making one takes longer than a hundred inputs, so it serves all of them; each finds it
// as the first one did (begin_anew()): the users alice, bob and carol (1, 2, 3) with the password
// "secret1", bob a friend of alice, and a group 1 of alice and bob.
// Threading: one thread uses it. Ownership: the far ends of its sockets are closed before it goes,
// which waits until every session is gone.
class ChatRig {
 public:
  // The database goes into `folder`, which outlives it.
  explicit ChatRig(const std::string& folder);
  ~ChatRig();

  // The far end of a new connection. Non-blocking.
  base::UniqueFd connect();
  // Waits until every session is gone, whose far ends are closed, and forgets what they did. What
  // must be empty then is checked. Only the last word on who went offline may come later, to
  // whoever is logged in by then.
  void begin_anew();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace chat::fuzz
