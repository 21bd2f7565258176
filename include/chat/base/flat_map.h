#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace chat::base {

// An open-addressing hash table with linear probing, for very many small entries that are looked up
// far more often than added. All entries lie in one array: an entry costs no node, and a lookup
// touches one place in memory. An erased entry's gap is closed by moving later ones up, so there
// are no tombstones.
//
// A default-constructed key marks a free slot. std::hash must spread over the upper 32 of 64 bits,
// as that of the ids does. Pointers to values are valid until an entry is added or erased.
// Threading: externally synchronised. Bounds: grows by half when four fifths are full; only clear()
// shrinks it.
template <typename Key, typename Value>
class FlatMap {
 public:
  Value* find(const Key& key) { return const_cast<Value*>(std::as_const(*this).find(key)); }
  const Value* find(const Key& key) const {
    if (size_ == 0) return nullptr;
    const Slot& slot = slots_[place_of(key)];
    return slot.key == key ? &slot.value : nullptr;
  }
  bool contains(const Key& key) const { return find(key) != nullptr; }

  // The value, and true if it was added.
  std::pair<Value*, bool> try_emplace(const Key& key) {
    if ((size_ + 1) * 5 > slots_.size() * 4) grow();
    Slot& slot = slots_[place_of(key)];
    const bool added = slot.key != key;
    if (added) {
      slot.key = key;
      ++size_;
    }
    return {&slot.value, added};
  }
  Value& operator[](const Key& key) { return *try_emplace(key).first; }

  // Removes the entry and returns its value.
  std::optional<Value> extract(const Key& key) {
    Value* found = find(key);
    if (found == nullptr) return std::nullopt;
    std::optional<Value> value(std::move(*found));
    close_gap(place_of(key));
    --size_;
    return value;
  }
  void erase(const Key& key) { extract(key); }
  void clear() {
    std::vector<Slot>().swap(slots_);
    size_ = 0;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // In unspecified order. `call(key, value)` must not add or erase.
  template <typename Call>
  void for_each(Call call) const {
    for (const Slot& slot : slots_) {
      if (slot.key != Key{}) call(slot.key, slot.value);
    }
  }

 private:
  struct Slot {
    Key key{};
    Value value{};
  };

  // The slot that the hash of the key names.
  std::size_t home_of(const Key& key) const {
    const std::uint64_t hash = std::hash<Key>{}(key);
    return static_cast<std::size_t>((hash >> 32) * slots_.size() >> 32);
  }
  std::size_t next(std::size_t place) const { return place + 1 == slots_.size() ? 0 : place + 1; }
  // The slot that holds the key, or the free slot for it.
  std::size_t place_of(const Key& key) const {
    std::size_t place = home_of(key);
    while (slots_[place].key != Key{} && slots_[place].key != key) place = next(place);
    return place;
  }

  void grow() {
    constexpr std::size_t kFirst = 8;
    auto old = std::exchange(slots_, {});
    slots_.resize(std::max(kFirst, old.size() + old.size() / 2));
    for (Slot& slot : old) {
      if (slot.key != Key{}) slots_[place_of(slot.key)] = std::move(slot);
    }
  }
  // Moves up the entries that a lookup would no longer reach past the gap. (Key(): cppcheck takes
  // the brace of Key{} for the beginning of the loop.)
  void close_gap(std::size_t gap) {
    for (std::size_t place = next(gap); slots_[place].key != Key(); place = next(place)) {
      const std::size_t home = home_of(slots_[place].key);
      const bool home_lies_between =
          gap < place ? gap < home && home <= place : gap < home || home <= place;
      if (home_lies_between) continue;
      slots_[gap] = std::move(slots_[place]);
      gap = place;
    }
    slots_[gap] = Slot{};
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace chat::base
