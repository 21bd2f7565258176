#include "chat_rig.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "chat/base/check.h"
#include "chat/cluster/local_bus.h"
#include "chat/cluster/node_lease.h"
#include "chat/delivery/delivery.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/protocol/limits.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/group_life_model.h"
#include "chat/storage/group_model.h"
#include "chat/storage/migrations.h"
#include "chat/storage/sqlite_database.h"
#include "chat/storage/transact.h"
#include "chat/storage/user_model.h"
#include "service/dispatch/dispatcher.h"
#include "service/dispatch/settle_queue.h"
#include "service/groups/departures.h"
#include "support/deadline.h"
#include "support/session_rig.h"

namespace chat::fuzz {
namespace {

constexpr std::size_t kArgon2MemoryKib = 8;  // the minimum
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
    storage::GroupLifeModel life(connection);
    if (auto joined = life.add_member(**group, bob, storage::GroupRole::kNormal, 0); !joined)
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

// Hashing for unknown accounts would take longer than a whole input should.
const service::PasswordHasher& shared_hasher() {
  static const service::PasswordHasher hasher = make_hasher();
  return hasher;
}

// Restores the initial tables. The journal caches streams by their sender's session_epoch, which
// must not be reused, so each input's users begin with a higher one.
constexpr const char* kKeep = R"(
CREATE TABLE kept_user AS SELECT * FROM user;
CREATE TABLE kept_friend AS SELECT * FROM friend;
CREATE TABLE kept_allgroup AS SELECT * FROM allgroup;
CREATE TABLE kept_groupuser AS SELECT * FROM groupuser;
CREATE TABLE first_epoch AS SELECT 1000000 AS epoch;
CREATE TRIGGER first_epoch_of_user AFTER INSERT ON user BEGIN
  UPDATE user SET session_epoch = (SELECT epoch FROM first_epoch) WHERE id = NEW.id;
END;
)";
constexpr const char* kBringBack = R"(
BEGIN IMMEDIATE;
UPDATE first_epoch SET epoch = epoch + 1000000;
DELETE FROM groupmessage;
DELETE FROM directcursor;
DELETE FROM directmessage;
DELETE FROM session;
DELETE FROM groupuser;
DELETE FROM allgroup;
DELETE FROM friend;
DELETE FROM user;
DELETE FROM sqlite_sequence WHERE name IN ('user', 'allgroup');
INSERT INTO user SELECT * FROM kept_user;
INSERT INTO friend SELECT * FROM kept_friend;
INSERT INTO allgroup SELECT * FROM kept_allgroup;
INSERT INTO groupuser SELECT * FROM kept_groupuser;
COMMIT;
)";

}  // namespace

// The tables, which can be restored.
class RigTables {
 public:
  explicit RigTables(storage::Database& database) {
    auto made = database.connect();
    CHAT_CHECK(made);
    connection_ = std::move(*made);
    CHAT_CHECK(storage::migrate(*connection_, storage::migrations_of(storage::Dialect::kSqlite)));
    const auto hash = shared_hasher().hash("secret1");
    CHAT_CHECK(hash);
    fill(*connection_, *hash);
    CHAT_CHECK(connection_->execute(kKeep));
  }

  void bring_back() {
    // Most inputs write nothing.
    if (const std::int64_t now = others_commits(); now != std::exchange(seen_, now)) {
      CHAT_CHECK(connection_->execute(kBringBack));
    }
  }

 private:
  // A number that changes when another connection commits.
  std::int64_t others_commits() {
    auto statement = connection_->prepare("PRAGMA data_version");
    CHAT_CHECK(statement);
    storage::StatementScope scope(**statement);
    CHAT_CHECK(scope->step().value_or(false));
    return scope->integer(0);
  }

  std::unique_ptr<storage::Connection> connection_;
  std::int64_t seen_ = 0;
};

namespace {

storage::SqliteDatabase& opened(storage::SqliteDatabase& database) {
  CHAT_CHECK(database.open());
  return database;
}

}  // namespace

// The composition of server::App without listeners, leases and clean-up.
struct ChatRig::Parts {
  explicit Parts(const std::string& folder) : database(folder + "/chat.db") {
    auto begun = lease.begin({.name = "fuzz", .alone = true, .exclusive = true});
    CHAT_CHECK(begun);
    context.node = *begun;
    context.options.node = "fuzz";
    context.options.version = "0";
    rig.handler.on_request = [this](session::Session& session, const protocol::Request& request) {
      protocol::Request taken = request;
      dispatcher->handle(session, taken, dispatcher->traits_of(taken.msgid));
    };
    rig.handler.on_end = [this](session::Session& session) { dispatcher->end(session); };
    hash_lane.start();
    settle_queue.start();
    delivery.start(context.node, std::chrono::days(0));
    forget();
  }
  ~Parts() {
    await_end_of_sessions();
    tables.reset();
    settle_queue.stop();
    delivery.stop_background();
    hash_lane.stop();
    delivery.stop_journal();
    rig.workers().stop();
    delivery.stop_writers();
    rig.stop();
    database.close();
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  // Sessions with closed far ends are released.
  void await_end_of_sessions() {
    const test::Deadline deadline(kPatience);
    const auto is_gone = [](const auto& session) { return session.expired(); };
    while (!std::all_of(sessions.begin(), sessions.end(), is_gone)) {
      CHAT_CHECK(!deadline.passed());
      rig.in_loop([] { return 0; });
    }
    sessions.clear();
    CHAT_CHECK(registry.size() == 0);
  }
  // No session is left. The effects of one input must not be visible to the next.
  void forget() {
    tables->bring_back();
    delivery.user_names().forget_all();
    dispatcher.emplace(context);
  }

  const base::Clock& clock = base::system_clock();
  std::vector<std::weak_ptr<session::Session>> sessions;
  storage::SqliteDatabase database;
  std::optional<RigTables> tables{opened(database)};
  storage::Pool pool{database, {}, clock};
  cluster::LocalHub hub;
  cluster::LocalBus bus{hub};
  cluster::NodeLease lease{database, clock};
  session::Registry registry;
  base::MemoryRateStore rates{clock};
  base::WorkerPool hash_lane{"hash", 1, 32};
  test::SessionRig rig{1, 1};
  delivery::Delivery delivery{{rig.loops(), registry, database, pool, bus, lease, rig.workers(),
                               rig.workers(), clock, [] {}}};
  service::SettleQueue settle_queue{pool};
  service::ServiceEnvironment environment{
      pool,  registry, delivery, {rig.workers(), hash_lane, hash_lane, hash_lane},
      rates, nullptr,  clock};
  service::Departures departures{environment};
  service::ServiceContext context{environment, settle_queue, departures, shared_hasher(), {}, {}};
  std::optional<service::Dispatcher> dispatcher;
};

ChatRig::ChatRig(const std::string& folder) : parts_(std::make_unique<Parts>(folder)) {}

ChatRig::~ChatRig() = default;

void ChatRig::begin_anew() {
  parts_->await_end_of_sessions();
  parts_->forget();
}

base::UniqueFd ChatRig::connect() {
  int ends[2] = {-1, -1};
  CHAT_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  base::UniqueFd far(ends[0]);
  CHAT_CHECK(::fcntl(far.get(), F_SETFL, O_NONBLOCK) == 0);
  parts_->sessions.push_back(parts_->rig.adopt(base::UniqueFd(ends[1])));
  return far;
}

}  // namespace chat::fuzz
