#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "raw_client.h"

// Users of the tests: registered accounts, and their requests.
namespace chat::test {

struct Account {
  std::int64_t id = 0;
  std::string name;
  std::string password;
};

// Registers `name` with a password derived from it; throws if refused.
Account register_account(RawClient& client, const std::string& name);
Account register_account(std::uint16_t port, const std::string& name);

// The requests of PROTOCOL.md, with all fields of the original protocol; `more` adds or replaces
// fields.
Json login_request(const Account& account, const Json& more = Json::object());
Json logout_request(const Account& account);
Json chat_request(const Account& from, std::int64_t to, const std::string& text,
                  const std::string& cid = "");
Json group_chat_request(const Account& from, std::int64_t group, const std::string& text,
                        const std::string& cid = "");
Json add_friend_request(const Account& account, std::int64_t other);
Json create_group_request(const Account& account, const std::string& name,
                          const std::string& desc = "");
Json join_group_request(const Account& account, std::int64_t group);
Json delivered_request(std::int64_t from, std::int64_t seq);
Json group_delivered_request(std::int64_t group, std::int64_t seq);

// Sends `request` and throws unless it succeeds. Repeats it up to three times while the answer is
// `busy`, as it may be wherever a machine is overloaded: nothing was done then.
Json request_ok(RawClient& client, const Json& request);

// How a well-behaved client handles transient refusals: waits for the reply's retry_after_ms, if
// any; and repeats the request until it gets another answer.
void wait_as_told(const Json& reply);
Json request_patiently(RawClient& client, const Json& request);

// A user logged in on a connection.
struct User {
  Account account;
  RawClient client;
  Json welcome;  // LOGIN_ACK

  std::int64_t id() const { return account.id; }
  // Each sends the request, throws unless it succeeds, and returns the reply.
  Json chat(std::int64_t to, const std::string& text, const std::string& cid = "");
  Json group_chat(std::int64_t group, const std::string& text, const std::string& cid = "");
  std::int64_t create_group(const std::string& name, const std::string& desc = "");
  Json join_group(std::int64_t group);
  void log_out();
};

// Connects and logs in; throws if refused.
User log_in(std::uint16_t port, const Account& account, Wire wire = Wire::kText,
            const Json& more = Json::object());
// The same with a new account of that name.
User new_user(std::uint16_t port, const std::string& name, Wire wire = Wire::kText,
              const Json& more = Json::object());

// The first `count` messages that reach `user` (msgid 6 and 10, no event rows), those of
// LOGIN_ACK's offlinemsg first.
std::vector<Json> collect_messages(User& user, std::size_t count);

}  // namespace chat::test
