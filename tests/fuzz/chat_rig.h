#pragma once

#include <memory>
#include <string>

#include "chat/base/unique_fd.h"

namespace chat::fuzz {

// Makes the database that every ChatRig begins with: the users alice, bob and carol (1, 2, 3) with
// the password "secret1", bob a friend of alice, and a group 1 of alice and bob. Kept in memory
// where the system offers that. Blocks.
std::string make_template_database(const std::string& folder);

// A whole chat server without its listeners, for one input: sessions over socket pairs, all
// services, an SQLite file of its own. One I/O loop and one worker, so that little depends on how
// threads are scheduled.
// Threading: one thread uses it. Ownership: the far ends of its sockets are closed before it goes,
// which waits until every session is gone.
class ChatRig {
 public:
  // `file` is a copy of a template database that nobody else has.
  explicit ChatRig(const std::string& file);
  ~ChatRig();

  // The far end of a new connection. Non-blocking.
  base::UniqueFd connect();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace chat::fuzz
