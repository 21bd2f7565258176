// Up to three clients of a whole server (ChatRig). An input is a script: parts between '|', each a
// letter that says who does what, then the bytes that are sent:
//
//   1{"msgid":1,"id":1,"password":"secret1"}⏎|2{…}⏎|a
//
// The letter modulo 3 is the client. 'a' to 'c' also end what it asks, wait for the last answer and
// connect anew; 'A' to 'C' cut the connection off, whatever is still owed. What must hold is told
// at Conversation.
#include <sched.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/check.h"
#include "chat/base/log.h"
#include "chat_rig.h"
#include "conversation.h"
#include "fuzz_target.h"

namespace {

namespace fs = std::filesystem;
using chat::fuzz::ChatRig;
using chat::fuzz::Conversation;

constexpr std::size_t kClients = 3;
// More parts are slower, not more interesting.
constexpr int kPartsMax = 24;

// A folder in memory if available, because SQLite syncs its files at every commit.
class Folder {
 public:
  Folder() {
    const fs::path memory = "/dev/shm";
    std::error_code none;
    const fs::path parent = fs::is_directory(memory, none) ? memory : fs::temp_directory_path();
    path_ = (parent / "chat-fuzz-XXXXXX").string();
    CHAT_CHECK(::mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// All threads on one processor, because waking another takes longer than most of their work, and
// running one at a time reduces randomness.
void stay_on_this_processor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  (void)::sched_setaffinity(0, sizeof(one), &one);  // if not permitted, it is only slower
}

ChatRig& shared_rig() {
  static const Folder folder;
  static ChatRig rig = [] {
    stay_on_this_processor();
    CHAT_CHECK(chat::log::configure(chat::log::Level::kOff, ""));
    return ChatRig(folder.path());
  }();
  return rig;
}

class Script {
 public:
  explicit Script(ChatRig& rig) : rig_(rig) {}

  void run(std::string_view part) {
    if (part.empty()) return;
    const auto letter = static_cast<unsigned char>(part.front());
    auto& client = clients_[letter % kClients];
    if (!client) client.emplace(rig_.connect());
    if (letter >= 'A' && letter <= 'C') return client.reset();
    client->say(part.substr(1));
    if (letter >= 'a' && letter <= 'c') finish(client);
  }
  void finish_all() {
    for (auto& client : clients_) finish(client);
  }

 private:
  static void finish(std::optional<Conversation>& client) {
    if (client) client->finish();
    client.reset();
  }

  ChatRig& rig_;
  std::array<std::optional<Conversation>, kClients> clients_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view left = chat::fuzz::as_text(data, size);
  ChatRig& rig = shared_rig();
  Script script(rig);
  for (int parts = 0; !left.empty() && parts < kPartsMax; ++parts) {
    const auto end = std::min(left.find('|'), left.size());
    script.run(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  script.finish_all();
  rig.begin_anew();
  return 0;
}
