#include "user.h"

#include <stdexcept>
#include <thread>
#include <utility>

namespace chat::test {

namespace {

constexpr const char* kSomeTime = "2024-05-06 07:08:09";

Json with_cid(Json request, const std::string& cid) {
  if (!cid.empty()) request["cid"] = cid;
  return request;
}

bool is_message(const Json& frame) {
  const int msgid = frame.value("msgid", 0);
  return msgid == 6 || msgid == 10;
}

}  // namespace

Account register_account(RawClient& client, const std::string& name) {
  Account account{0, name, "secret of " + name};
  const Json reply =
      request_ok(client, {{"msgid", 4}, {"name", name}, {"password", account.password}});
  account.id = reply.at("id").get<std::int64_t>();
  return account;
}

Account register_account(std::uint16_t port, const std::string& name) {
  RawClient client(port);
  return register_account(client, name);
}

Json login_request(const Account& account, const Json& more) {
  Json request = {{"msgid", 1}, {"id", account.id}, {"password", account.password}};
  request.update(more);
  return request;
}

Json logout_request(const Account& account) {
  return {{"msgid", 3}, {"id", account.id}};
}

Json chat_request(const Account& from, std::int64_t to, const std::string& text,
                  const std::string& cid) {
  return with_cid({{"msgid", 6},
                   {"id", from.id},
                   {"name", from.name},
                   {"toid", to},
                   {"msg", text},
                   {"time", kSomeTime}},
                  cid);
}

Json group_chat_request(const Account& from, std::int64_t group, const std::string& text,
                        const std::string& cid) {
  return with_cid({{"msgid", 10},
                   {"id", from.id},
                   {"name", from.name},
                   {"groupid", group},
                   {"msg", text},
                   {"time", kSomeTime}},
                  cid);
}

Json add_friend_request(const Account& account, std::int64_t other) {
  return {{"msgid", 7}, {"id", account.id}, {"friendid", other}};
}

Json create_group_request(const Account& account, const std::string& name,
                          const std::string& desc) {
  return {{"msgid", 8}, {"id", account.id}, {"groupname", name}, {"groupdesc", desc}};
}

Json join_group_request(const Account& account, std::int64_t group) {
  return {{"msgid", 9}, {"id", account.id}, {"groupid", group}};
}

Json delivered_request(std::int64_t from, std::int64_t seq) {
  return {{"msgid", 22}, {"from", from}, {"seq", seq}};
}

Json group_delivered_request(std::int64_t group, std::int64_t seq) {
  return {{"msgid", 22}, {"groupid", group}, {"seq", seq}};
}

Json request_ok(RawClient& client, const Json& request) {
  Json reply = client.request(request);
  for (int repeats = 0; reply.value("error", "") == "busy" && repeats < 3; ++repeats) {
    wait_as_told(reply);
    reply = client.request(request);
  }
  if (reply.value("errno", -1) != 0) {
    throw std::runtime_error("refused: " + request.dump().substr(0, 300) + " → " + reply.dump());
  }
  return reply;
}

void wait_as_told(const Json& reply) {
  std::this_thread::sleep_for(milliseconds(reply.value("retry_after_ms", 0)));
}

Json request_patiently(RawClient& client, const Json& request) {
  const Deadline deadline;
  Json reply = client.request(request);
  while (reply.contains("retry_after_ms") && !deadline.passed()) {
    wait_as_told(reply);
    reply = client.request(request);
  }
  return reply;
}

Json User::chat(std::int64_t to, const std::string& text, const std::string& cid) {
  return request_ok(client, chat_request(account, to, text, cid));
}

Json User::group_chat(std::int64_t group, const std::string& text, const std::string& cid) {
  return request_ok(client, group_chat_request(account, group, text, cid));
}

std::int64_t User::create_group(const std::string& name, const std::string& desc) {
  return request_ok(client, create_group_request(account, name, desc))
      .at("groupid")
      .get<std::int64_t>();
}

Json User::join_group(std::int64_t group) {
  return request_ok(client, join_group_request(account, group));
}

void User::log_out() {
  request_ok(client, logout_request(account));
}

User log_in(std::uint16_t port, const Account& account, Wire wire, const Json& more) {
  User user{account, RawClient(port, wire), {}};
  user.welcome = request_ok(user.client, login_request(account, more));
  return user;
}

User new_user(std::uint16_t port, const std::string& name, Wire wire, const Json& more) {
  return log_in(port, register_account(port, name), wire, more);
}

std::vector<Json> collect_messages(User& user, std::size_t count) {
  std::vector<Json> messages;
  for (Json& message : user.welcome["offlinemsg"]) {
    if (!is_notice(message)) messages.push_back(std::move(message));
  }
  user.welcome["offlinemsg"] = Json::array();
  while (messages.size() < count) {
    Json frame = user.client.push();
    if (is_message(frame)) messages.push_back(std::move(frame));
  }
  return messages;
}

}  // namespace chat::test
