#include "service/people/shown_user.h"

namespace chat::service {

bool hides_profile(const storage::SeenUser& seen, UserId viewer) {
  if (seen.profile.id == viewer) return false;
  return seen.blocks_viewer || seen.profile.who_may_add == "nobody";
}

messages::UserItem info_item(const storage::SeenUser& seen, UserId viewer) {
  const storage::Profile& profile = seen.profile;
  messages::UserItem item{.id = profile.id, .name = profile.name};
  if (!hides_profile(seen, viewer)) {
    item.nick = profile.nick;
    item.bio = profile.bio;
    item.avatar = profile.avatar;
  }
  item.state = profile.online && !seen.blocks_viewer ? "online" : "offline";
  item.is_friend = seen.is_friend;
  item.blocked = seen.blocked;
  if (profile.id == viewer) {
    item.who_may_add = profile.who_may_add;
    item.who_may_chat = profile.who_may_chat;
  }
  return item;
}

messages::UserItem found_item(const storage::SeenUser& seen, UserId viewer) {
  messages::UserItem item = info_item(seen, viewer);
  item.who_may_add.reset();
  item.who_may_chat.reset();
  if (hides_profile(seen, viewer)) item.state.reset();
  return item;
}

}  // namespace chat::service
