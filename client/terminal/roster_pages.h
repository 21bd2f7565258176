#pragma once

#include "client/core/client_session.h"

// Reading what the login's answer had no room for. On the sending thread.
namespace chat::client {

// The next page of the friends or the groups. True if there may be a further one to read now.
bool read_next_page(ClientSession& session);
// All pages; fewer if the server does not answer, or cannot now.
void read_all_pages(ClientSession& session);
// All members of a group; fewer likewise.
void read_members(ClientSession& session, GroupId group);

}  // namespace chat::client
