#pragma once

#include <cstddef>
#include <string_view>

// Whether a message that was stored under a cid is the one that a client sends under it again: the
// same text with the same marks (what it replies to, and whom it mentions).
namespace chat::delivery {

// `extra` is the column of that name. Of a stored row it may hold more than the request's marks.
struct Content {
  std::string_view body;
  std::string_view extra;
};

bool is_repetition(const Content& stored, const Content& sent);
// Equal for repetitions.
std::size_t hash_of_content(const Content& content);

}  // namespace chat::delivery
