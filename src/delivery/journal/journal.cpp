#include "delivery/journal/journal.h"

namespace chat::delivery {

Journal::Journal(std::unique_ptr<DirectStore> direct_store, std::unique_ptr<GroupStore> group_store,
                 JournalListener& listener, const LookUpstream& upstream, const base::Clock& clock)
    : direct_store_(std::move(direct_store)),
      group_store_(std::move(group_store)),
      direct_(
          "journal-direct", {"direct", DirectCommitter(*direct_store_, contact_news_, clock)},
          [&listener](std::vector<DirectEntry> entries) {
            listener.on_direct_settled(std::move(entries));
          },
          upstream, clock),
      group_(
          "journal-group", {"group", GroupCommitter(*group_store_, clock)},
          [&listener](std::vector<GroupEntry> entries) {
            listener.on_group_settled(std::move(entries));
          },
          upstream, clock) {}

void Journal::start() {
  direct_.start();
  group_.start();
}

void Journal::stop() {
  direct_.stop();
  group_.stop();
}

}  // namespace chat::delivery
