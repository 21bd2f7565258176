#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace chat::base {

// Emptied strings that keep their memory for the next use: growing hundreds of output buffers anew
// in every round cost more than sending them, as malloc gave the memory back to the system in
// between. Threading: externally synchronised. Bounds: kMax strings of at most kBytesMax.
class SpareStrings {
 public:
  static constexpr std::size_t kMax = 256;
  static constexpr std::size_t kBytesMax = 16 * 1024;

  SpareStrings() { spare_.reserve(kMax); }

  // An empty string.
  std::unique_ptr<std::string> take() {
    if (spare_.empty()) return std::make_unique<std::string>();
    auto text = std::move(spare_.back());
    spare_.pop_back();
    return text;
  }
  void give_back(std::unique_ptr<std::string> text) noexcept {
    if (text == nullptr || spare_.size() >= kMax || text->capacity() > kBytesMax) return;
    text->clear();
    spare_.push_back(std::move(text));
  }
  void free_all() { spare_.clear(); }
  std::size_t size() const { return spare_.size(); }

 private:
  std::vector<std::unique_ptr<std::string>> spare_;
};

}  // namespace chat::base
