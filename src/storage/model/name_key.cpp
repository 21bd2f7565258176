#include "chat/storage/name_key.h"

#include "chat/base/unicode.h"

namespace chat::storage {

std::string name_key(std::string_view name) {
  return base::fold_name(name);
}

}  // namespace chat::storage
