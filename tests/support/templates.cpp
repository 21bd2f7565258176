#include "support/templates.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cstdlib>

#include "chat/base/check.h"
#include "chat/base/unique_fd.h"

namespace chat::test {

std::filesystem::path find_template(const std::string& name,
                                    const std::function<void(const std::filesystem::path&)>& make) {
  namespace fs = std::filesystem;
  const char* folder = std::getenv("CHAT_TEST_TEMPLATES");
  if (folder == nullptr) return {};
  const fs::path templates = folder;
  fs::create_directories(templates);
  const base::UniqueFd lock(
      ::open((templates / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  CHAT_CHECK(lock && ::flock(lock.get(), LOCK_EX) == 0);
  const fs::path made = templates / name;
  if (!fs::exists(made)) {
    const fs::path half = templates / (name + ".half");
    fs::remove_all(half);
    make(half);
    fs::rename(half, made);
  }
  return made;
}

}  // namespace chat::test
