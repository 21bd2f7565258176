#include "chat/protocol/admin_path.h"

namespace chat::protocol {

std::string default_admin_socket(std::string_view database_file, std::string_view node) {
  if (database_file.empty()) return "var/chatserver-" + std::string(node) + ".sock";
  const auto slash = database_file.rfind('/');
  const std::string folder(slash == std::string_view::npos ? std::string_view()
                                                           : database_file.substr(0, slash + 1));
  return folder + "admin.sock";
}

}  // namespace chat::protocol
