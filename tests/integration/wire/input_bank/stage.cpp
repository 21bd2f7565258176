#include "stage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include "support/clients/classic_client.h"
#include "support/figure.h"

namespace chat::test::bank {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kNobody = 2'000'000'000;
constexpr std::int64_t kMemoryGrowthMaxKib = 16 * 1024;
constexpr std::ptrdiff_t kDescriptorsMayDiffer = 2;
constexpr milliseconds kGoodService{1000};

void replace_all(std::string& text, const std::string& word, const std::string& by) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) {
    text.replace(at, word.size(), by);
  }
}

// Pushes caused by others are not replies.
Json next_answer(RawClient& client) {
  Json frame = client.receive();
  while (is_push(frame) && frame.value("msgid", 0) != 204) frame = client.receive();
  return frame;
}

void expect_bye(RawClient& client, std::string_view reason) {
  const std::vector<Json> frames = client.receive_to_end();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].value("msgid", 0), 204) << frames[0];
  EXPECT_EQ(frames[0].value("reason", ""), reason);
  EXPECT_TRUE(frames[0].contains("reconnect_after_ms")) << frames[0];
  EXPECT_FALSE(client.was_reset());
}

// Waits until the server has released the connection.
void leave(User& user) {
  user.client.half_close();
  user.client.receive_to_end();
}

std::string all_frames(const std::vector<std::string>& frames, int times, Wire wire, Way way) {
  std::string bytes;
  for (int i = 0; i < times; ++i) {
    for (const std::string& one : frames) bytes += way == Way::kFramed ? frame(wire, one) : one;
  }
  return bytes;
}

}  // namespace

Stage::Stage()
    : server_(Settings{"server.proxy_listen=127.0.0.1:0"}),
      witness_(new_user(server_.port(), "witness")),
      other_(new_user(server_.port(), "other")),
      group_(other_.create_group("group")),
      foreign_(other_.create_group("foreign")),
      on_text_(new_actor("t")),
      on_binary_(new_actor("b")),
      on_classic_(new_actor("c")),
      pid_(server_.pid()) {
  // Warms up what a server keeps after first use: database connections, buffers, thread stacks. One
  // network has at most 16 passwords waiting to be hashed.
  for (const int first : {0, 16}) {
    run_in_parallel(16, [&](int i) {
      User user = new_user(server_.port(), "warm " + std::to_string(first + i));
      for (int chat = 0; chat < 20; ++chat) user.chat(user.id(), repeated("x", 4000));
      leave(user);
    });
  }
  descriptors_before_ = descriptors();
  memory_before_kib_ = server_.memory_kib();
}

Stage::Actor Stage::new_actor(const std::string& letter) {
  Actor actor{register_account(server_.port(), "mallory " + letter), letter};
  User user = log_in(server_.port(), actor.account);
  user.join_group(group_);
  user.log_out();
  leave(user);
  return actor;
}

std::string Stage::filled(std::string text, const Actor& actor, const std::string& token) const {
  if (text.find('$') == std::string::npos) return text;
  replace_all(text, "$me", std::to_string(actor.account.id));
  replace_all(text, "$name", actor.account.name);
  replace_all(text, "$password", actor.account.password);
  replace_all(text, "$token", token);
  replace_all(text, "$other", std::to_string(other_.id()));
  replace_all(text, "$group", std::to_string(group_));
  replace_all(text, "$foreign", std::to_string(foreign_));
  replace_all(text, "$nobody", std::to_string(kNobody));
  replace_all(text, "$nowhere", std::to_string(kNobody));
  replace_all(text, "$w", actor.letter);
  return text;
}

Stage::Opened Stage::open(const Row& row, Wire wire, const Actor& actor) {
  Opened opened{RawClient(row.way == Way::kProxy ? server_.proxy_port() : server_.port(), wire),
                "none"};
  if (row.state == State::kFresh) return opened;
  const Json more = {{"takeover", true}, {"ack", row.state == State::kWithAck}};
  opened.token = request_ok(opened.client, login_request(actor.account, more)).at("token");
  if (row.state == State::kAfterLogout) request_ok(opened.client, logout_request(actor.account));
  return opened;
}

void Stage::play(const Row& row, Wire wire) {
  const Actor& actor = wire == Wire::kText ? on_text_ : on_binary_;
  auto [client, token] = open(row, wire, actor);
  std::vector<std::string> sent = row.sent;
  if (row.way == Way::kFramed) {
    for (std::string& text : sent) text = filled(std::move(text), actor, token);
  }
  try {
    client.send_raw(all_frames(sent, row.times, wire, row.way));
  } catch (const ConnectionEnded&) {
    // The connection may be cut before all is sent; replies are checked nevertheless.
    if (!row.closes()) throw;
  }
  if (row.then == Then::kHangUp) client.half_close();
  if (row.then == Then::kReset) return client.reset();
  for (int i = 0; i < row.times; ++i) {
    for (std::size_t at = 0; at < row.answers.size(); ++at) {
      expect_answer(client, row.answers[at], sent[std::min(at, sent.size() - 1)]);
    }
  }
  if (!row.closes()) expect_alive(client);
}

void Stage::expect_answer(RawClient& client, const Answer& answer, const std::string& sent) {
  if (answer.kind == Answer::Kind::kBye) return expect_bye(client, answer.error.word);
  if (answer.kind == Answer::Kind::kEnd) {
    const std::vector<Json> frames = client.receive_to_end();
    EXPECT_TRUE(frames.empty()) << frames.front();
    return;
  }
  const Json reply = next_answer(client);
  if (answer.kind == Answer::Kind::kRefused) {
    expect_error(reply, answer.msgid, answer.error);
    EXPECT_NE(reply.value("errmsg", "").find(answer.field), std::string::npos)
        << "the field " << answer.field << " is not named: " << reply;
    return;
  }
  expect_ok(reply, answer.msgid);
  if (answer.kind == Answer::Kind::kKept && reply.value("errno", -1) == 0) {
    expect_kept(Json::parse(sent), reply);
  }
}

// Checks that another user receives the text unchanged.
void Stage::expect_kept(const Json& request, const Json& reply) {
  switch (request.at("msgid").get<int>()) {
    case 4: {
      RawClient client(server_.port());
      const Json welcome = request_ok(
          client, {{"msgid", 1}, {"id", reply.at("id")}, {"password", request.at("password")}});
      EXPECT_EQ(welcome.at("name"), request.at("name"));
      return;
    }
    case 8: {
      const Json joined =
          request_ok(witness_.client, {{"msgid", 9}, {"groupid", reply["groupid"]}});
      EXPECT_EQ(joined.at("group").at("groupname"), request.at("groupname"));
      EXPECT_EQ(joined.at("group").at("groupdesc"), request.at("groupdesc"));
      return;
    }
    default: expect_told(request, reply.at("seq").get<std::int64_t>());
  }
}

// seq 0: not known.
void Stage::expect_told(const Json& request, std::int64_t seq) {
  const Json& text = request.at("msg");
  for (;;) {
    const Json push = other_.client.push(request.at("msgid").get<int>());
    if (seq == 0 && push.at("msg") == text) return;
    if (seq == 0 || push.at("seq") != seq) continue;
    if (push.at("name").get<std::string>().starts_with("mallory")) {
      EXPECT_EQ(push.at("msg"), text);
      return;
    }
  }
}

bool Stage::is_for_classic(const Row& row) {
  if (row.way != Way::kFramed || row.times > 1) return false;
  return std::all_of(row.sent.begin(), row.sent.end(),
                     [](const std::string& frame) { return frame.starts_with("{"); });
}

namespace {

constexpr int kLogin = 1;
constexpr int kLoginAck = 2;
constexpr int kRegisterAck = 5;

// They get only the errors 1 and 2.
int classic_number(ErrorKind error) {
  return error.number > errors::kAlreadyOnline.number ? errors::kFailed.number : error.number;
}

Json next_classic_answer(ClassicClient& client) {
  Json object = client.receive();
  while (is_push(object)) object = client.receive();
  return object;
}

}  // namespace

// Classic clients get replies to logins and registrations only, with three outcomes.
void Stage::play_classic(const Row& row) {
  const Actor& actor = on_classic_;
  ClassicClient client(server_.port());
  if (row.state != State::kFresh) {
    const Json more = {{"takeover", true}, {"ack", row.state == State::kWithAck}};
    client.send(login_request(actor.account, more));
    EXPECT_EQ(next_classic_answer(client).value("errno", -1), 0);
  }
  if (row.state == State::kAfterLogout) client.send(logout_request(actor.account));
  std::string bytes;
  std::vector<std::string> sent;
  for (const std::string& text : row.sent) {
    sent.push_back(filled(text, actor, "none"));
    bytes += sent.back() + '\0';
  }
  client.send_raw(bytes);
  for (std::size_t at = 0; at < row.answers.size(); ++at) {
    const Answer& answer = row.answers[at];
    Json reply;
    if (answer.msgid == kLoginAck || answer.msgid == kRegisterAck) {
      reply = next_classic_answer(client);
      EXPECT_EQ(reply.value("msgid", 0), answer.msgid) << reply;
      EXPECT_EQ(reply.value("errno", -1), classic_number(answer.error)) << reply;
    }
    if (answer.kind != Answer::Kind::kKept) continue;
    const Json request = Json::parse(sent[at]);
    if (answer.msgid == kRegisterAck) expect_kept(request, reply);
    if (request.contains("msg")) expect_told(request, 0);
  }
  // An invalid login, which is answered in any state.
  client.send({{"msgid", kLogin}, {"id", kNobody}, {"password", "wrong!"}});
  const Json reply = next_classic_answer(client);
  EXPECT_EQ(reply.value("msgid", 0), kLoginAck) << reply;
  EXPECT_EQ(reply.value("errno", -1), 1) << reply;
}

void Stage::expect_good_service() {
  const auto begin = std::chrono::steady_clock::now();
  expect_alive(witness_.client);
  const std::string text = "check " + std::to_string(++checks_);
  witness_.chat(other_.id(), text);
  while (other_.client.push(6).at("msg") != text) {
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, scaled(kGoodService)) << "others must wait";
}

namespace {

// The sockets that have no port: "socket:[inode]" each, as /proc/<pid>/fd has them.
std::set<std::string> unix_sockets() {
  std::ifstream table("/proc/net/unix");
  std::string line;
  std::getline(table, line);  // the header
  std::set<std::string> sockets;
  while (std::getline(table, line)) {
    // Num RefCount Protocol Flags Type St Inode Path
    std::istringstream fields(line);
    std::string word;
    for (int field = 0; field < 7; ++field) fields >> word;
    sockets.insert("socket:[" + word + "]");
  }
  return sockets;
}

}  // namespace

// Excludes descriptors of the database, whose pool connects on demand and is bounded: the files of
// an embedded one, and Unix sockets to a server.
std::size_t Stage::descriptors() const {
  const std::set<std::string> local = unix_sockets();
  std::size_t count = 0;
  const fs::directory_iterator all("/proc/" + std::to_string(server_.pid()) + "/fd");
  for (const fs::directory_entry& entry : all) {
    std::error_code closed;
    const fs::path target = fs::read_symlink(entry, closed);
    const bool database = target.filename().string().starts_with("chat.db");
    if (!closed && !database && !local.contains(target)) ++count;
  }
  return count;
}

void Stage::expect_unharmed() {
  ASSERT_TRUE(server_.running());
  EXPECT_EQ(server_.pid(), pid_);
  const auto more = [&] {
    return static_cast<std::ptrdiff_t>(descriptors()) -
           static_cast<std::ptrdiff_t>(descriptors_before_);
  };
  EXPECT_TRUE(wait_until([&] { return std::abs(more()) <= kDescriptorsMayDiffer; }))
      << more() << " descriptors more than " << descriptors_before_;
  const std::int64_t growth_kib = server_.memory_kib() - memory_before_kib_;
  figure("memory_growth", growth_kib, "KiB");
  EXPECT_TRUE(sanitized() || growth_kib < kMemoryGrowthMaxKib) << growth_kib << " KiB";
  server_.terminate();
}

}  // namespace chat::test::bank
