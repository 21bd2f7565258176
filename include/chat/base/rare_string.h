#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "chat/base/spare_strings.h"

namespace chat::base {

// A string that is almost always empty, for classes with very many objects: it takes one pointer,
// where std::string takes 32 bytes. A non-empty text costs one more allocation.
// Threading: externally synchronised.
class RareString {
 public:
  bool empty() const { return text_ == nullptr || text_->empty(); }
  std::size_t size() const { return text_ == nullptr ? 0 : text_->size(); }
  std::string_view view() const { return text_ == nullptr ? std::string_view() : *text_; }

  // The text to modify in place; valid until the next take() or clear().
  std::string& writable() {
    if (text_ == nullptr) text_ = std::make_unique<std::string>();
    return *text_;
  }
  // The same, and clear(), with the memory of spare strings.
  std::string& writable(SpareStrings& spare) {
    if (text_ == nullptr) text_ = spare.take();
    return *text_;
  }
  void clear(SpareStrings& spare) { spare.give_back(std::move(text_)); }
  std::string take() {
    const auto text = std::move(text_);
    return text == nullptr ? std::string() : std::move(*text);
  }
  void clear() { text_.reset(); }

 private:
  std::unique_ptr<std::string> text_;
};

}  // namespace chat::base
