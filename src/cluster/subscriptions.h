#pragma once

#include <cstddef>
#include <cstdint>

#include "chat/base/flat_map.h"
#include "chat/cluster/bus.h"

namespace chat::cluster {

// The subscribed channels of a node, with reference counts.
// Threading: externally synchronised.
class Subscriptions {
 public:
  // True if the channel is new.
  bool add(const Channel& channel) { return counts_[channel]++ == 0; }
  // True if that was the last reference.
  bool remove(const Channel& channel) {
    std::uint32_t* found = counts_.find(channel);
    if (found == nullptr || --*found > 0) return false;
    counts_.erase(channel);
    return true;
  }
  bool contains(const Channel& channel) const { return counts_.contains(channel); }
  std::size_t size() const { return counts_.size(); }
  template <typename Call>
  void for_each(Call call) const {
    counts_.for_each([&call](const Channel& channel, std::uint32_t) { call(channel); });
  }

 private:
  base::FlatMap<Channel, std::uint32_t> counts_;
};

}  // namespace chat::cluster
