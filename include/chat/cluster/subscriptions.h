#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "chat/cluster/bus.h"

namespace chat::cluster {

// The channels that a node listens to, each as often as it was asked for.
// Threading: externally synchronised.
class Subscriptions {
 public:
  // True: it was not listened to.
  bool add(const Channel& channel) { return counts_[channel]++ == 0; }
  // True: nobody wants it any more.
  bool remove(const Channel& channel) {
    const auto found = counts_.find(channel);
    if (found == counts_.end() || --found->second > 0) return false;
    counts_.erase(found);
    return true;
  }
  bool contains(const Channel& channel) const { return counts_.contains(channel); }
  std::size_t size() const { return counts_.size(); }
  template <typename Call>
  void for_each(Call call) const {
    for (const auto& [channel, count] : counts_) call(channel);
  }

 private:
  std::unordered_map<Channel, std::uint32_t> counts_;
};

}  // namespace chat::cluster
