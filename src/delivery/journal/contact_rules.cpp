#include "delivery/journal/contact_rules.h"

#include <vector>

namespace chat::delivery {
namespace {

std::uint64_t key_of(const storage::DirectStream& stream) {
  return static_cast<std::uint64_t>(stream.recipient.value) << 32 |
         static_cast<std::uint64_t>(stream.sender.value);
}

}  // namespace

storage::ChatRight ContactRules::right_of(const storage::DirectStream& stream,
                                          const UserLooks& users) const {
  if (read_.empty()) return storage::ChatRight::kYes;
  if (users.contact_rev(stream.sender) == 0 && users.contact_rev(stream.recipient) == 0) {
    return storage::ChatRight::kYes;
  }
  const auto found = read_.find(key_of(stream));
  return found == read_.end() ? storage::ChatRight::kYes : found->second.right;
}

Result<void> ContactRules::look_up(std::span<const storage::DirectStream> streams,
                                   const UserLooks& users) {
  std::vector<storage::DirectStream> asked;
  if (read_.size() + streams.size() > kStreamsMax) read_.clear();
  for (const storage::DirectStream& stream : streams) {
    const std::int64_t sender_rev = users.contact_rev(stream.sender);
    const std::int64_t recipient_rev = users.contact_rev(stream.recipient);
    if (sender_rev == 0 && recipient_rev == 0) continue;
    Read& read = read_[key_of(stream)];
    if (read.sender_rev == sender_rev && read.recipient_rev == recipient_rev) continue;
    read.sender_rev = sender_rev;
    read.recipient_rev = recipient_rev;
    asked.push_back(stream);
  }
  if (asked.empty()) return {};
  const auto rights = store_.chat_rights(asked);
  if (!rights) {
    for (const storage::DirectStream& stream : asked) read_.erase(key_of(stream));
    return fail(rights);
  }
  for (std::size_t i = 0; i < asked.size(); ++i) read_[key_of(asked[i])].right = (*rights)[i];
  return {};
}

}  // namespace chat::delivery
