#include "chat_rig.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "chat/base/check.h"
#include "chat/cluster/local_bus.h"
#include "chat/cluster/node_lease.h"
#include "chat/delivery/aftermath.h"
#include "chat/delivery/handover.h"
#include "chat/delivery/receipts.h"
#include "chat/protocol/limits.h"
#include "chat/service/dispatcher.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/migrations.h"
#include "chat/storage/sqlite_database.h"
#include "chat/storage/transact.h"
#include "chat/storage/user_model.h"
#include "support/deadline.h"
#include "support/session_rig.h"

namespace chat::fuzz {
namespace {

constexpr std::size_t kArgon2MemoryKib = 8;  // the least there is
constexpr std::uint64_t kArgon2Ops = 1;
constexpr test::milliseconds kPatience{60'000};

UserId add_user(storage::Connection& connection, std::string_view name, const std::string& hash) {
  const auto id = storage::UserModel(connection).insert(name, hash, 1);
  CHAT_CHECK(id && *id);
  return **id;
}

void fill(storage::Connection& connection, const std::string& hash) {
  const UserId alice = add_user(connection, "alice", hash);
  const UserId bob = add_user(connection, "bob", hash);
  add_user(connection, "carol", hash);
  const auto done = storage::transact(connection, [&]() -> Result<void> {
    if (auto added = storage::FriendModel(connection).insert(alice, bob); !added)
      return fail(added);
    storage::GroupModel groups(connection);
    const auto group = groups.create("club", "", alice);
    if (!group) return fail(group);
    if (auto joined = groups.join(**group, bob, protocol::kGroupMembersMax); !joined)
      return fail(joined);
    return {};
  });
  CHAT_CHECK(done);
}

service::PasswordHasher make_hasher() {
  service::PasswordHasher hasher(kArgon2MemoryKib, kArgon2Ops);
  CHAT_CHECK(hasher.open());
  return hasher;
}

// Making the hash of nobody takes longer than a whole input should.
const service::PasswordHasher& shared_hasher() {
  static const service::PasswordHasher hasher = make_hasher();
  return hasher;
}

}  // namespace

std::string make_template_database(const std::string& folder) {
  const std::string file = folder + "/template.db";
  storage::SqliteDatabase database(file);
  CHAT_CHECK(database.open());
  auto connection = database.connect();
  CHAT_CHECK(connection);
  CHAT_CHECK(storage::migrate(**connection, storage::migrations_of(storage::Dialect::kSqlite)));
  const auto hash = shared_hasher().hash("secret1");
  CHAT_CHECK(hash);
  fill(**connection, *hash);
  connection->reset();
  database.close();
  return file;
}

// The composition of server::App, less what listens, renews or cleans up.
struct ChatRig::Parts {
  explicit Parts(const std::string& file) : database(file) {
    CHAT_CHECK(database.open());
    auto begun = lease.begin("fuzz", true);
    CHAT_CHECK(begun);
    context.node = *begun;
    context.options.node = "fuzz";
    context.options.version = "0";
    dispatcher = std::make_unique<service::Dispatcher>(context);
    rig.handler.on_request = [this](session::Session& session, const protocol::Request& request) {
      dispatcher->handle(session, request);
    };
    rig.handler.on_end = [this](session::Session& session) { dispatcher->end(session); };
    hash_lane.start();
    writeback.start(&aftermath);
    presence.start();
    journal.start();
  }
  ~Parts() {
    await_end_of_sessions();
    hash_lane.stop();
    journal.stop();
    rig.workers().stop();
    writeback.stop();
    presence.stop();
    rig.stop();
    database.close();
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  // Whose far ends are closed is let go by everybody.
  void await_end_of_sessions() {
    const test::Deadline deadline(kPatience);
    const auto is_gone = [](const auto& session) { return session.expired(); };
    while (!std::all_of(sessions.begin(), sessions.end(), is_gone)) {
      CHAT_CHECK(!deadline.passed());
      rig.in_loop([] { return 0; });
    }
  }

  const base::Clock& clock = base::system_clock();
  std::vector<std::weak_ptr<session::Session>> sessions;
  storage::SqliteDatabase database;
  storage::Pool pool{database, {}, clock};
  cluster::LocalHub hub;
  cluster::LocalBus bus{hub};
  cluster::NodeLease lease{database, clock};
  session::Registry registry;
  delivery::Directory directory{pool};
  delivery::Backlog backlog{pool, directory};
  delivery::Writeback writeback{pool};
  base::WorkerPool hash_lane{"hash", 1, 32};
  test::SessionRig rig{1, 1};
  delivery::Recipients recipients{rig.loops(), backlog, writeback, bus, rig.workers()};
  delivery::Handover handover{clock};
  delivery::Router router{rig.loops(), registry, recipients, handover, bus};
  delivery::Presence presence{pool, router, bus};
  delivery::Receipts receipts{router, pool};
  delivery::Aftermath aftermath{receipts, presence};
  delivery::Journal journal{delivery::make_direct_store(database, lease),
                            delivery::make_group_store(database, lease), router,
                            [] { return false; }, clock};
  service::ServiceContext context{pool,          registry,  directory, backlog,  recipients,
                                  writeback,     journal,   router,    presence, shared_hasher(),
                                  rig.workers(), hash_lane, clock,     {},       {}};
  std::unique_ptr<service::Dispatcher> dispatcher;
};

ChatRig::ChatRig(const std::string& file) : parts_(std::make_unique<Parts>(file)) {}

ChatRig::~ChatRig() = default;

base::UniqueFd ChatRig::connect() {
  int ends[2] = {-1, -1};
  CHAT_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  base::UniqueFd far(ends[0]);
  CHAT_CHECK(::fcntl(far.get(), F_SETFL, O_NONBLOCK) == 0);
  parts_->sessions.push_back(parts_->rig.adopt(base::UniqueFd(ends[1])));
  return far;
}

}  // namespace chat::fuzz
