#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "chat/delivery/push_json.h"

namespace chat::delivery {

// How far the receipts go that one session was told. Each says "up to seq", so one that comes after
// a higher one, by another way or from another node, says nothing new and would only mislead.
// Threading: externally synchronised. Bounds: kMax streams; the one noted first makes room.
class ToldReceipts {
 public:
  static constexpr std::size_t kMax = 64;

  // False: the session was told more. Notes the receipt.
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
  std::size_t next_ = 0;  // to be replaced
};

}  // namespace chat::delivery
