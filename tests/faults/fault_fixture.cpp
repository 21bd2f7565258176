#include "fault_fixture.h"

#include <optional>
#include <utility>

namespace chat::test {

Faults::Faults() : random_(test_seed()) {}

void Faults::SetUp() {
  if (const std::string why = Cluster::missing(); !why.empty()) GTEST_SKIP() << why;
}

void Faults::start(std::size_t nodes, const Settings& more) {
  start(std::make_unique<Cluster>(nodes, more));
}

void Faults::start(std::unique_ptr<Cluster> made) {
  cluster = std::move(made);
  for (std::size_t i = 0; i < cluster->size(); ++i) {
    witnesses.push_back(new_user(cluster->port(i), "witness " + std::to_string(i)));
  }
}

std::vector<std::uint16_t> Faults::ports() const {
  std::vector<std::uint16_t> all;
  for (std::size_t i = 0; i < cluster->size(); ++i) all.push_back(cluster->port(i));
  return all;
}

void Faults::start_traffic(const std::vector<std::uint16_t>& ports,
                           const CheckedTraffic::Load& load) {
  traffic = std::make_unique<CheckedTraffic>(ports, load);
}

Json Faults::expect_promises() {
  Json report;
  if (traffic) report = std::exchange(traffic, nullptr)->finish();
  expect_servers_alive();
  expect_no_lock_out();
  expect_whole_streams();
  if (report.is_object()) expect_stored(report.at("acked"));
  return report;
}

void Faults::expect_servers_alive() {
  for (std::size_t i = 0; i < cluster->size(); ++i) {
    ASSERT_TRUE(cluster->node(i).running()) << "node " << i << " is dead";
    RawClient client(cluster->port(i));
    expect_alive(client);
  }
}

void Faults::expect_no_lock_out() {
  for (std::size_t i = 0; i < witnesses.size(); ++i) {
    witnesses[i].client.close();
    log_in_soon(cluster->port((i + 1) % cluster->size()), witnesses[i].account);
  }
}

User Faults::log_in_soon(std::uint16_t port, const Account& account, const Json& more) {
  std::optional<User> user;
  EXPECT_TRUE(wait_until(
      [&] {
        user = User{account, RawClient(port), {}};
        user->welcome = user->client.request(login_request(account, more));
        return user->welcome.at("errno") == 0;
      },
      kLoginPromise))
      << account.name << " is locked out: " << user->welcome;
  return *std::move(user);
}

void Faults::expect_whole_streams() {
  const TestStorage& tables = cluster->storage();
  EXPECT_EQ(tables.number("SELECT count(*) FROM (SELECT 1 FROM directmessage"
                          " GROUP BY recipient, sender HAVING min(seq) <> 1 OR max(seq) <> count(*)"
                          " OR count(DISTINCT cid) <> count(*)) AS broken"),
            0);
  EXPECT_EQ(tables.number("SELECT count(*) FROM (SELECT 1 FROM groupmessage"
                          " GROUP BY groupid HAVING min(seq) <> 1 OR max(seq) <> count(*)"
                          " OR count(DISTINCT sender, cid) <> count(*)) AS broken"),
            0);
}

void Faults::expect_stored(std::int64_t messages) {
  EXPECT_GE(cluster->storage().number("SELECT (SELECT count(*) FROM directmessage)"
                                      " + (SELECT count(*) FROM groupmessage WHERE kind IS NULL)"),
            messages)
      << "some of those that were acknowledged are not stored";
}

void Faults::stay_alive_for(milliseconds time, RawClient& client) {
  const auto until = Clock::now() + time;
  while (Clock::now() < until) {
    expect_alive(client);
    client.take_in(milliseconds{100});
  }
}

}  // namespace chat::test
