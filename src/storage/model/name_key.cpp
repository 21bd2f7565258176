#include "chat/storage/name_key.h"

#include "chat/base/case_folding.h"
#include "chat/base/unicode.h"

namespace chat::storage {

std::string name_key(std::string_view name) {
  return base::fold_name(name);
}

std::string search_key(std::string_view name) {
  return base::fold_case(name_key(name));
}

}  // namespace chat::storage
