// The effects of one input must be gone before the next.
#include "chat_rig.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/log.h"
#include "support/session_rig.h"
#include "support/temp_dir.h"

namespace chat::fuzz {
namespace {

using nlohmann::json;

json answer(test::Peer& peer, const json& request) {
  peer.send(request.dump() + '\n');
  for (;;) {
    const auto line = peer.line();
    if (!line) throw std::runtime_error("no answer to " + request.dump());
    json heard = json::parse(*line);
    if (heard.value("cid", "") == request.value("cid", "")) return heard;
  }
}

// Replaces what differs between runs.
json without_chance(json reply) {
  for (const char* name : {"token", "ts"}) reply.erase(name);
  return reply;
}

// Uses all state of a server: accounts, friends, groups, both kinds of streams, and failed logins.
std::vector<json> converse(ChatRig& rig) {
  const std::vector<json> said = {
      {{"msgid", 4}, {"name", "dave"}, {"password", "secret1"}, {"cid", "1"}},
      {{"msgid", 1}, {"id", 3}, {"password", "wrong11"}, {"cid", "2"}},
      {{"msgid", 1}, {"name", "dave"}, {"password", "secret1"}, {"cid", "3"}},
      {{"msgid", 7}, {"friendid", 2}, {"cid", "4"}},
      {{"msgid", 8}, {"groupname", "new"}, {"groupdesc", ""}, {"cid", "5"}},
      {{"msgid", 9}, {"groupid", 1}, {"cid", "6"}},
      {{"msgid", 6}, {"toid", 2}, {"msg", "one"}, {"cid", "7"}},
      {{"msgid", 6}, {"toid", 2}, {"msg", "two"}, {"cid", "8"}},
      {{"msgid", 10}, {"groupid", 1}, {"msg", "three"}, {"cid", "9"}},
      {{"msgid", 25}, {"with", 2}, {"limit", 10}, {"cid", "10"}},
  };
  test::Peer peer(rig.connect());
  std::vector<json> heard;
  for (const json& request : said) heard.push_back(without_chance(answer(peer, request)));
  for (json& message : heard.back().at("messages")) {
    for (const char* name : {"ts", "time"}) message.erase(name);
  }
  return heard;
}

TEST(ChatRig, EachConversationFindsItAsTheFirstOneDid) {
  ASSERT_TRUE(log::configure(log::Level::kOff, ""));
  const test::TempDir folder;
  ChatRig rig(folder.path().string());
  const std::vector<json> first = converse(rig);
  for (const json& reply : first) EXPECT_TRUE(reply.at("errno") == 0 || reply.at("cid") == "2");
  for (int again = 0; again < 3; ++again) {
    rig.begin_anew();
    EXPECT_EQ(converse(rig), first);
  }
  rig.begin_anew();
  test::Peer peer(rig.connect());
  EXPECT_EQ(answer(peer, {{"msgid", 1}, {"name", "dave"}, {"password", "secret1"}, {"cid", "1"}})
                .at("errno"),
            1);
  EXPECT_EQ(answer(peer, {{"msgid", 1}, {"name", "bob"}, {"password", "secret1"}, {"cid", "2"}})
                .at("offlinemsg"),
            json::array());
}

}  // namespace
}  // namespace chat::fuzz
