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
