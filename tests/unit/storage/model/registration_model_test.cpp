#include "chat/storage/registration_model.h"

#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class RegistrationModelTest : public StorageTest {
 protected:
  RegistrationModel model() { return RegistrationModel(*connection_); }
  void add(std::string_view hash, UnixMillis now, UnixMillis expires_at, std::int64_t uses) {
    ASSERT_TRUE(write([&] { return model().add_code(hash, now, expires_at, uses); }));
  }
  std::int64_t codes() { return number("SELECT COUNT(*) FROM registrationcode"); }
};

TEST_F(RegistrationModelTest, KeepsTheMode) {
  EXPECT_EQ(model().mode().value(), RegistrationMode::kOpen);
  for (const auto mode :
       {RegistrationMode::kClosed, RegistrationMode::kInvite, RegistrationMode::kOpen}) {
    ASSERT_TRUE(model().set_mode(mode));
    EXPECT_EQ(model().mode().value(), mode);
    EXPECT_EQ(registration_mode(to_string(mode)), mode);
  }
  EXPECT_FALSE(registration_mode("maybe"));
  run("UPDATE setting SET value = 'maybe'");
  EXPECT_FALSE(model().mode());
}

// SQLite has one writer at a time anyway.
TEST_F(RegistrationModelTest, TheModeIsNotChangedDuringARegistration) {
  if (connection_->dialect() != Dialect::kMysql) GTEST_SKIP() << "this is about MariaDB";
  const auto other = connect();
  ASSERT_TRUE(other->execute("SET SESSION innodb_lock_wait_timeout = 1"));
  const auto close = [&] { return RegistrationModel(*other).set_mode(RegistrationMode::kClosed); };
  auto registration = Transaction::begin(*connection_, TransactionKind::kWrite);
  ASSERT_TRUE(registration);
  EXPECT_EQ(model().mode_locked().value(), RegistrationMode::kOpen);
  const auto early = close();
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, ErrorCode::kBusy);
  ASSERT_TRUE(registration->commit());
  EXPECT_TRUE(close());
}

TEST_F(RegistrationModelTest, CodesHaveUsesAndAnEnd) {
  add("a", 100, 200, 2);
  EXPECT_TRUE(model().is_usable("a", 199).value());
  EXPECT_FALSE(model().is_usable("a", 200).value());
  EXPECT_FALSE(model().is_usable("b", 199).value());
  EXPECT_FALSE(model().use_code("a", 200).value());
  EXPECT_TRUE(model().use_code("a", 199).value());
  EXPECT_TRUE(model().use_code("a", 199).value());
  EXPECT_FALSE(model().use_code("a", 199).value());
  EXPECT_FALSE(model().is_usable("a", 199).value());
}

TEST_F(RegistrationModelTest, AddingARepeatedCodeKeepsIt) {
  add("a", 100, 200, 2);
  EXPECT_TRUE(model().use_code("a", 150).value());
  add("a", 100, 200, 2);
  EXPECT_EQ(number("SELECT uses_left FROM registrationcode"), 1);
}

TEST_F(RegistrationModelTest, AddingDeletesWhatIsOfNoUse) {
  add("expired", 100, 150, 2);
  add("used", 100, 200, 1);
  EXPECT_TRUE(model().use_code("used", 120).value());
  EXPECT_EQ(codes(), 2);
  add("new", 150, 300, 1);
  EXPECT_EQ(codes(), 1);
}

}  // namespace
}  // namespace chat::storage
