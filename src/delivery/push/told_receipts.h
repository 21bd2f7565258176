#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "chat/delivery/push_json.h"

namespace chat::delivery {

// The highest receipt sent to one session per stream. Receipts are cumulative ("up to seq"), so one
// that arrives after a higher one, over another path or from another node, must not be sent.
// Threading: externally synchronised. Bounds: kMax streams; the oldest entry is replaced first.
class ToldReceipts {
 public:
  static constexpr std::size_t kMax = 64;

  // Records the receipt. False if the session was already sent a higher one.
  bool is_news(const Receipt& receipt) {
    const auto known = std::find_if(told_.begin(), told_.end(), [&receipt](const Receipt& told) {
      return told.target == receipt.target && told.kind == receipt.kind;
    });
    if (known != told_.end()) {
      if (receipt.seq < known->seq) return false;
      known->seq = receipt.seq;
    } else if (told_.size() < kMax) {
      told_.push_back(receipt);
    } else {
      told_[next_++ % kMax] = receipt;
    }
    return true;
  }

 private:
  std::vector<Receipt> told_;
  std::size_t next_ = 0;  // the entry to replace
};

}  // namespace chat::delivery
