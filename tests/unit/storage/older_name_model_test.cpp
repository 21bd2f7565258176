// Databases of earlier versions, in which invisible characters distinguished names.
#include "chat/storage/older_name_model.h"

#include <thread>

#include "support/storage/forwarding_connection.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

// Fails at statement number `left`.
class InterruptedConnection final : public ForwardingConnection {
 public:
  InterruptedConnection(Connection& inner, int left) : ForwardingConnection(inner), left_(left) {}

  Result<Statement*> prepare(std::string_view sql) override {
    if (--left_ < 0) return fail(ErrorCode::kUnavailable, "gone");
    return ForwardingConnection::prepare(sql);
  }

 private:
  int left_;
};

class OlderNameModelTest : public StorageTest {
 protected:
  // As an earlier version stored it.
  UserId add_older_user(std::string_view name, std::int64_t id = 0) {
    const bool any_id = id == 0;
    auto statement = connection_->prepare(
        any_id ? "INSERT INTO user (name, name_key, password, created_at) VALUES (?, ?, 'h', 1)"
               : "INSERT INTO user (name, name_key, password, created_at, id)"
                 " VALUES (?, ?, 'h', 1, ?)");
    EXPECT_TRUE(statement) << statement.error().message;
    (*statement)->bind(0, name);
    (*statement)->bind(1, name);
    if (!any_id) (*statement)->bind(2, id);
    const auto done = (*statement)->run();
    EXPECT_TRUE(done) << done.error().message;
    return any_id ? UserId{static_cast<std::int32_t>(connection_->last_insert_id())}
                  : UserId{static_cast<std::int32_t>(id)};
  }
  void add_older_group(std::string_view name) {
    auto statement =
        connection_->prepare("INSERT INTO allgroup (groupname, name_key) VALUES (?, ?)");
    ASSERT_TRUE(statement) << statement.error().message;
    (*statement)->bind(0, name);
    (*statement)->bind(1, name);
    ASSERT_TRUE((*statement)->run());
  }
  void gather() {
    const auto gathered = OlderNameModel(*connection_).gather();
    ASSERT_TRUE(gathered) << gathered.error().message;
  }
  bool registers(std::string_view name) {
    const auto id = UserModel(*connection_).insert(name, "hash", 1);
    EXPECT_TRUE(id) << id.error().message;
    return id && id->has_value();
  }
  UserId found(std::string_view name) {
    const auto user = UserModel(*connection_).find_by_name(name);
    EXPECT_TRUE(user) << user.error().message;
    return user && *user ? (*user)->id : UserId{};
  }
};

TEST_F(OlderNameModelTest, ANewNameThatLooksLikeAnOlderOneIsTaken) {
  const UserId alice = add_older_user("ali\u200Bce");
  const UserId lee = add_older_user("anna\u00A0lee");
  gather();
  EXPECT_FALSE(registers("alice"));
  EXPECT_FALSE(registers("ALICE"));
  EXPECT_FALSE(registers("anna lee"));
  EXPECT_TRUE(registers("alicia"));
  EXPECT_EQ(found("ali\u200Bce"), alice);
  EXPECT_EQ(found("Alice"), alice);
  EXPECT_EQ(found("anna lee"), lee);
}

TEST_F(OlderNameModelTest, OlderTwinsAreFoundByTheirOwnNames) {
  const UserId marked = add_older_user("ali\u200Bce");
  const UserId plain = add_older_user("alice");
  const UserId hyphenated = add_older_user("ali\u00ADce");
  gather();
  EXPECT_EQ(found("ali\u200Bce"), marked);
  EXPECT_EQ(found("alice"), plain);
  EXPECT_EQ(found("ali\u00ADce"), hyphenated);
  EXPECT_FALSE(registers("alice"));
}

TEST_F(OlderNameModelTest, TheNameIsFreeOnceItsLastHolderIsGone) {
  const UserId first = add_older_user("ali\u200Bce");
  const UserId second = add_older_user("ali\u00ADce");
  gather();
  EXPECT_TRUE(*write([&] { return UserModel(*connection_).remove(first, "h"); }));
  EXPECT_FALSE(registers("alice"));
  EXPECT_TRUE(*write([&] { return UserModel(*connection_).remove(second, "h"); }));
  EXPECT_EQ(number("SELECT COUNT(*) FROM oldername"), 0);
  EXPECT_TRUE(registers("alice"));
}

TEST_F(OlderNameModelTest, GroupsAreComparedLikewise) {
  const UserId creator = add_user("creator");
  add_older_group("bo\u200Dok club");
  gather();
  const auto create = [&](std::string_view name) {
    return write([&] { return GroupModel(*connection_).create(name, "", creator); });
  };
  EXPECT_FALSE(create("Book Club")->has_value());
  EXPECT_TRUE(create("books")->has_value());
  EXPECT_TRUE(registers("book club"));
}

TEST_F(OlderNameModelTest, UnchangedKeysAreNotListed) {
  for (const char* name : {"alice", "älice", "中文", "bob smith"}) add_older_user(name);
  gather();
  EXPECT_EQ(number("SELECT COUNT(*) FROM oldername"), 0);
}

TEST_F(OlderNameModelTest, ContinuesWhereItWasInterrupted) {
  add_older_user("a\u200Ba", 5);
  add_older_user("b\u200Bb", 10'005);
  add_older_user("c\u200Bc", 30'005);
  bool finished = false;
  for (int statements = 1; !finished && statements < 100; ++statements) {
    InterruptedConnection ending(*connection_, statements % 12);
    finished = OlderNameModel(ending).gather().has_value();
  }
  EXPECT_TRUE(finished);
  EXPECT_EQ(number("SELECT COUNT(*) FROM oldername"), 3);
  for (const char* name : {"aa", "bb", "cc"}) EXPECT_FALSE(registers(name)) << name;
}

TEST_F(OlderNameModelTest, FindsWhatAnEarlierVersionRegisteredMeanwhile) {
  add_older_user("a\u200Ba");
  gather();
  add_older_user("b\u200Bb");
  gather();
  EXPECT_FALSE(registers("aa"));
  EXPECT_FALSE(registers("bb"));
}

TEST_F(OlderNameModelTest, TwoServersMayGatherAtOnce) {
  for (int i = 1; i <= 20; ++i) add_older_user("u\u200B" + std::to_string(i), i * 2000);
  const auto other = connect();
  Result<void> one;
  Result<void> two;
  std::thread thread([&] { one = OlderNameModel(*other).gather(); });
  two = OlderNameModel(*connection_).gather();
  thread.join();
  EXPECT_TRUE(one) << one.error().message;
  EXPECT_TRUE(two) << two.error().message;
  EXPECT_EQ(number("SELECT COUNT(*) FROM oldername"), 20);
}

}  // namespace
}  // namespace chat::storage
