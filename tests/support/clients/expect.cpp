#include "expect.h"

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace chat::test {

namespace {

constexpr milliseconds kQuiet{100};

bool carries_retry(int number) {
  return number >= 30 && number <= 32;
}

std::string next_cid() {
  static std::atomic<int> last = 0;
  return "expect-" + std::to_string(++last);
}

}  // namespace

void expect_error(const Json& reply, int msgid, ErrorKind kind) {
  SCOPED_TRACE("reply: " + reply.dump());
  EXPECT_EQ(reply.value("msgid", 0), msgid);
  EXPECT_EQ(reply.value("errno", -1), kind.number);
  EXPECT_EQ(reply.value("error", ""), kind.word);
  EXPECT_FALSE(reply.value("errmsg", "").empty());
  EXPECT_EQ(reply.contains("retry_after_ms"), carries_retry(kind.number));
  if (carries_retry(kind.number)) {
    EXPECT_GT(reply.value("retry_after_ms", 0), 0);
  }
  const std::set<std::string> known = {"msgid",  "errno",          "error",
                                       "errmsg", "retry_after_ms", "cid"};
  for (const auto& [key, value] : reply.items()) EXPECT_TRUE(known.contains(key)) << key;
}

Json expect_refused(RawClient& client, Json request, ErrorKind kind) {
  SCOPED_TRACE("request: " + request.dump().substr(0, 300));
  const std::string cid = next_cid();
  request["cid"] = cid;
  Json reply = client.request(request);
  expect_error(reply, reply_msgid(request.value("msgid", 0)), kind);
  EXPECT_EQ(reply.value("cid", ""), cid);
  return reply;
}

void expect_ok(const Json& reply, int msgid) {
  SCOPED_TRACE("reply: " + reply.dump().substr(0, 1000));
  EXPECT_EQ(reply.value("msgid", 0), msgid);
  EXPECT_EQ(reply.value("errno", -1), 0);
  EXPECT_FALSE(reply.contains("errmsg"));
  EXPECT_FALSE(reply.contains("retry_after_ms"));
}

void expect_alive(RawClient& client) {
  const std::string cid = next_cid();
  const Json reply = client.request({{"msgid", 21}, {"cid", cid}});
  expect_ok(reply, 121);
  EXPECT_EQ(reply.value("cid", ""), cid);
}

void expect_no_push(User& user) {
  const std::string cid = next_cid();
  user.chat(user.id(), "nothing before this", cid);
  const Json push = user.client.push();
  EXPECT_EQ(push.value("cid", ""), cid) << "unexpected push: " << push;
  user.client.expect_no_push_for(kQuiet);
}

void expect_consecutive(const std::vector<Json>& messages, std::int64_t first) {
  for (const Json& message : messages) {
    const auto seq = message.at("seq").get<std::int64_t>();
    ASSERT_EQ(seq, first) << "hole, repeat or wrong order at " << message.dump().substr(0, 300);
    ++first;
  }
}

void run_in_parallel(int count, const std::function<void(int)>& body) {
  std::mutex mutex;
  std::exception_ptr first_failure;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first_failure) first_failure = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first_failure) std::rethrow_exception(first_failure);
}

}  // namespace chat::test
