#include "chat/storage/profile_model.h"

#include "chat/storage/friend_model.h"
#include "support/storage/storage_fixture.h"

namespace chat::storage {
namespace {

class ProfileModelTest : public StorageTest {
 protected:
  std::optional<Profile> change(UserId user, const ProfileChange& what) {
    const auto changed = write([&] { return ProfileModel(*connection_).change(user, what); });
    EXPECT_TRUE(changed) << changed.error().message;
    return changed ? *changed : std::nullopt;
  }
  std::vector<SeenUser> seen(UserId viewer, const std::vector<UserId>& ids) {
    auto found = ProfileModel(*connection_).seen_by(viewer, ids);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *std::move(found) : std::vector<SeenUser>();
  }
  std::int64_t rev() { return number("SELECT contact_rev FROM user"); }
};

TEST_F(ProfileModelTest, StartsEmptyAndOpenToAnyone) {
  const UserId alice = add_user("alice");
  const auto found = seen(alice, {alice, UserId{99}});
  ASSERT_EQ(found.size(), 1u);
  const Profile& profile = found[0].profile;
  EXPECT_EQ(profile.name, "alice");
  EXPECT_EQ(profile.nick + profile.bio + profile.avatar, "");
  EXPECT_EQ(profile.who_may_add, "anyone");
  EXPECT_EQ(profile.who_may_chat, "anyone");
  EXPECT_FALSE(found[0].is_friend || found[0].blocked || found[0].blocks_viewer);
}

TEST_F(ProfileModelTest, AChangeKeepsWhatIsMissing) {
  const UserId alice = add_user("alice");
  change(alice,
         {.nick = "Queen", .bio = "it's\n\U0001F600", .avatar = {}, .who_may_add = "nobody"});
  const auto after = change(alice, {.avatar = "a.png", .who_may_chat = "friends"});
  ASSERT_TRUE(after);
  const auto found = seen(alice, {alice});
  for (const Profile& profile : {*after, found.at(0).profile}) {
    EXPECT_EQ(profile.nick, "Queen");
    EXPECT_EQ(profile.bio, "it's\n\U0001F600");
    EXPECT_EQ(profile.avatar, "a.png");
    EXPECT_EQ(profile.who_may_add, "nobody");
    EXPECT_EQ(profile.who_may_chat, "friends");
  }
}

TEST_F(ProfileModelTest, TheRevisionGrowsOnlyWithWhoMayChat) {
  const UserId alice = add_user("alice");
  change(alice, {.nick = "x", .who_may_add = "approval"});
  change(alice, {.who_may_chat = "anyone"});
  EXPECT_EQ(rev(), 0);
  change(alice, {.who_may_chat = "friends"});
  change(alice, {.who_may_chat = "friends"});
  EXPECT_EQ(rev(), 1);
  change(alice, {.who_may_chat = "anyone"});
  EXPECT_EQ(rev(), 2);
}

TEST_F(ProfileModelTest, FriendsAndBlocksAreThoseOfTheViewer) {
  const UserId alice = add_user("alice");
  const UserId bob = add_user("bob");
  ASSERT_TRUE(FriendModel(*connection_).insert(alice, bob));
  run("INSERT INTO block (userid, blocked, created_at) VALUES (1, 2, 1)");
  const SeenUser by_alice = seen(alice, {bob}).at(0);
  EXPECT_TRUE(by_alice.is_friend && by_alice.blocked);
  EXPECT_FALSE(by_alice.blocks_viewer);
  const SeenUser by_bob = seen(bob, {alice}).at(0);
  EXPECT_FALSE(by_bob.is_friend || by_bob.blocked);
  EXPECT_TRUE(by_bob.blocks_viewer);
}

TEST_F(ProfileModelTest, DeletedAccountsHaveNone) {
  const UserId alice = add_user("alice");
  change(alice, {.nick = "Queen", .bio = "secret", .avatar = "me.png"});
  EXPECT_TRUE(*write([&] { return UserModel(*connection_).remove(alice, "hash"); }));
  EXPECT_TRUE(seen(alice, {alice}).empty());
  EXPECT_FALSE(change(alice, {.nick = "x"}).has_value());
  EXPECT_EQ(number("SELECT COUNT(*) FROM user WHERE nick = '' AND bio = '' AND avatar = ''"), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM usersearch"), 0);
}

}  // namespace
}  // namespace chat::storage
