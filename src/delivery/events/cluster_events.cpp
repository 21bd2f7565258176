#include "delivery/events/cluster_events.h"

namespace chat::delivery {

Result<void> ClusterEvents::on_hints(const std::vector<Hint>& hints) {
  std::vector<UserId> changed;
  std::vector<storage::DirectStream> streams;
  std::vector<GroupId> groups;
  for (const Hint& hint : hints) {
    switch (hint.kind) {
      case Hint::Kind::kPresence:
        if (hint.other == 0) {
          changed.push_back({hint.id});
        } else {
          presence_.on_presence_told({.watcher = {hint.other}, .watched = {hint.id}});
        }
        break;
      case Hint::Kind::kDirectCursor: streams.push_back({{hint.id}, {hint.other}}); break;
      case Hint::Kind::kGroupCursors: groups.push_back({hint.id}); break;
      case Hint::Kind::kAccountDeleted: router_.deleted_elsewhere({hint.id}); break;
      case Hint::Kind::kTyping:
        router_.typing({{hint.other}, {hint.id}, {}, hint.push == "1"}, Reach::kThisNode);
        break;
      case Hint::Kind::kGroupTyping:
        router_.typing({{hint.other}, {}, {hint.id}, hint.push == "1"}, Reach::kThisNode);
        break;
      case Hint::Kind::kAnnouncement:
      case Hint::Kind::kUserEvent:
      case Hint::Kind::kGroupEvent: router_.event_elsewhere(hint); break;
    }
  }
  if (!changed.empty()) presence_.changed_elsewhere(changed);
  return receipts_.repeat(streams, groups);
}

}  // namespace chat::delivery
