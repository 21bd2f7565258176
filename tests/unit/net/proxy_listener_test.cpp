// The trusted address of a Server, where the PROXY header names the client.
#include <errno.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "chat/base/log.h"
#include "server_rig.h"
#include "support/processes/child_process.h"
#include "support/proxies/proxy_header_bytes.h"
#include "support/temp_dir.h"

namespace chat::net {
namespace {

using test::binary_header;
using test::eventually;
using test::TcpClient;
using test::text_header;

constexpr const char* kClient = "203.0.113.7";

// Records the clients that the server admitted and released.
class ProxyListener : public ::testing::Test {
 protected:
  void SetUp() override {
    rig.admission.on_admit = [this](const Address& client, std::string& farewell) {
      EXPECT_EQ(rig.admission.held, held_meanwhile) << "the place is free before the client comes";
      base::MutexLock lock(mutex_);
      admitted_.push_back(client.to_string());
      farewell = "no\n";
      return !refuse_clients;
    };
  }
  std::vector<std::string> admitted() const {
    base::MutexLock lock(mutex_);
    return admitted_;
  }
  std::string peer_of(const std::shared_ptr<Recorder>& recorder) {
    return rig.in_loop(*recorder, [](Connection& c) { return c.peer().to_string(); });
  }
  bool one_is_held() {
    return eventually([this] { return rig.admission.held == 1; });
  }
  bool nothing_is_held() {
    return eventually([this] { return rig.admission.held == 0; });
  }

  mutable base::Mutex mutex_;
  std::vector<std::string> admitted_ CHAT_GUARDED_BY(mutex_);
  std::atomic<bool> refuse_clients{false};
  std::atomic<int> held_meanwhile{0};
  ServerRig rig{2};
};

TEST_F(ProxyListener, ConnectionsPeerIsTheClientOfTheHeader) {
  rig.open_trusted();
  const std::string body = std::string("\xCB\x00\x71\x07\x7F\x00\x00\x01\x9C\x40\x17\x70", 12);
  for (const std::string& header : {text_header(kClient), binary_header(0x21, 0x11, body)}) {
    const std::size_t number = admitted().size();
    TcpClient client = rig.connect_trusted();
    ASSERT_TRUE(client.send(header));
    EXPECT_EQ(peer_of(rig.recorder(number)), "203.0.113.7:40000");
    EXPECT_EQ(admitted().at(number), "203.0.113.7:40000");
    client.close();
    rig.in_loop(*rig.recorder(number), [](Connection& c) { c.close(); });
  }
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(rig.admission.gone_count, 2);
  EXPECT_EQ(rig.admission.held, 0);
}

TEST_F(ProxyListener, UnknownAndLocalKeepTheSocketsOwnPeer) {
  rig.open_trusted();
  std::vector<TcpClient> clients;
  for (const std::string& header :
       {std::string("PROXY UNKNOWN\r\n"), binary_header(0x20, 0x00, "")}) {
    clients.push_back(rig.connect_trusted());
    ASSERT_TRUE(clients.back().send(header));
    const std::string peer = peer_of(rig.recorder(clients.size() - 1));
    EXPECT_TRUE(peer.starts_with("127.0.0.1:")) << peer;
    EXPECT_EQ(admitted().back(), peer);
  }
}

TEST_F(ProxyListener, DataAfterTheHeaderReachesTheHandler) {
  rig.open_trusted();
  const std::string body = std::string("\xCB\x00\x71\x07\x7F\x00\x00\x01\x9C\x40\x17\x70tlvs", 16);
  const std::string speech = "PROXY is no word for a second header\r\n" + std::string(5000, 'x');
  std::size_t number = 0;
  for (const std::string& header : {text_header(kClient), binary_header(0x21, 0x11, body)}) {
    const std::string all = header + speech;
    for (std::size_t cut = 1; cut <= header.size() + 1; ++cut) {
      TcpClient client = rig.connect_trusted();
      ASSERT_TRUE(client.send(all.substr(0, cut)));
      if (cut < header.size()) {
        ASSERT_TRUE(one_is_held()) << cut;
      }
      ASSERT_TRUE(client.send(all.substr(cut)));
      const auto recorder = rig.recorder(number++);
      ASSERT_TRUE(eventually([&] { return recorder->received_bytes() >= speech.size(); })) << cut;
      EXPECT_EQ(recorder->received(), speech) << cut;
      EXPECT_EQ(admitted().back(), "203.0.113.7:40000");
    }
  }
}

TEST_F(ProxyListener, HeaderMayArriveByteByByteBeforeTheEnd) {
  rig.open_trusted();
  TcpClient client = rig.connect_trusted();
  for (const char byte : text_header(kClient)) ASSERT_TRUE(client.send(std::string(1, byte)));
  client.finish();
  const auto recorder = rig.recorder();
  EXPECT_TRUE(eventually([&] { return recorder->input_ends == 1; }));
  EXPECT_EQ(recorder->received(), "");
  EXPECT_EQ(peer_of(recorder), "203.0.113.7:40000");
}

TEST_F(ProxyListener, HalfAHeaderDoesNotSpinTheLoop) {
  rig.open_trusted();
  TcpClient client = rig.connect_trusted();
  ASSERT_TRUE(client.send("PROXY TCP4 "));
  ASSERT_TRUE(one_is_held());
  const auto before = test::cpu_time(rig.main().loop());
  EXPECT_FALSE(eventually([&] { return rig.admission.held == 0; }, std::chrono::milliseconds(300)));
  EXPECT_LT(test::cpu_time(rig.main().loop()) - before, test::kIdleCpu);
}

TEST_F(ProxyListener, MissingOrMalformedHeaderClosesSilently) {
  rig.open_trusted();
  for (const std::string& bytes :
       {std::string("{\"msgid\":21}\n"), std::string("PROXY TCP4 nobody\r\n"),
        std::string("PROXY UNKNOWN\n"), binary_header(0x31, 0x11, std::string(12, '\0'))}) {
    TcpClient client = rig.connect_trusted();
    ASSERT_TRUE(client.send(bytes));
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_NE(client.error(), EAGAIN) << "it is still open";
  }
  EXPECT_TRUE(nothing_is_held());
  EXPECT_TRUE(admitted().empty());
  EXPECT_TRUE(rig.recorders().empty());
}

TEST_F(ProxyListener, LateHeaderCloses) {
  rig.open_trusted(std::chrono::milliseconds(50));
  TcpClient silent = rig.connect_trusted();
  TcpClient slow = rig.connect_trusted();
  ASSERT_TRUE(slow.send("PROXY TCP4 "));
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_EQ(slow.receive_all(), "");
  EXPECT_TRUE(nothing_is_held());
  EXPECT_TRUE(admitted().empty());
}

TEST_F(ProxyListener, HeaderInTimeCancelsTheDeadline) {
  rig.open_trusted(std::chrono::milliseconds(50));
  TcpClient client = rig.connect_trusted();
  ASSERT_TRUE(client.send(text_header(kClient)));
  const auto recorder = rig.recorder();
  TcpClient late = rig.connect_trusted();
  EXPECT_EQ(late.receive_all(), "") << "the deadline of a later one has passed";
  EXPECT_EQ(rig.server().count(), 1U);
  EXPECT_EQ(recorder->closed + recorder->deadlines, 0);
}

TEST_F(ProxyListener, HoldsAPlaceUntilTheHeaderComes) {
  rig.open_trusted();
  TcpClient first = rig.connect_trusted();
  ASSERT_TRUE(one_is_held());
  EXPECT_EQ(rig.server().count(), 0U);
  TcpClient second = rig.connect_trusted();
  ASSERT_TRUE(eventually([&] { return rig.admission.held == 2; }));
  held_meanwhile = 1;
  ASSERT_TRUE(second.send(text_header(kClient)));
  rig.recorder();
  EXPECT_TRUE(one_is_held());
  first.close();
  EXPECT_TRUE(nothing_is_held());
  EXPECT_EQ(admitted().size(), 1U);
}

TEST_F(ProxyListener, TurnsAwayWithTheFarewellWhenThereIsNoPlace) {
  rig.admission.on_hold = [](std::string& farewell) {
    farewell = "full\n";
    return false;
  };
  rig.open_trusted();
  TcpClient client = rig.connect_trusted();
  EXPECT_EQ(client.receive_all(), "full\n");
  EXPECT_EQ(client.error(), 0);
  EXPECT_EQ(rig.admission.held, 0);
}

TEST_F(ProxyListener, RefusedClientGetsTheFarewellAndHoldsNothing) {
  refuse_clients = true;
  rig.open_trusted();
  TcpClient client = rig.connect_trusted();
  ASSERT_TRUE(client.send(text_header(kClient) + "hello\n"));
  EXPECT_EQ(client.receive_all(), "no\n");
  EXPECT_EQ(client.error(), 0);
  EXPECT_EQ(rig.admission.held, 0);
  EXPECT_EQ(rig.admission.gone_count, 0);
  EXPECT_EQ(rig.server().count(), 0U);
}

TEST_F(ProxyListener, StopClosesBothAddressesAndPendingConnections) {
  rig.open_trusted();
  TcpClient served = rig.connect_trusted();
  ASSERT_TRUE(served.send(text_header(kClient)));
  rig.recorder();
  TcpClient silent = rig.connect_trusted();
  ASSERT_TRUE(one_is_held());
  rig.main().call([&] { rig.server().stop_accepting(); });
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_EQ(rig.admission.held, 0);
  EXPECT_EQ(rig.connect().error(), ECONNREFUSED);
  EXPECT_EQ(rig.connect_trusted().error(), ECONNREFUSED);
  EXPECT_EQ(rig.server().count(), 1U);
}

TEST_F(ProxyListener, DestructorClosesPendingConnections) {
  rig.open_trusted();
  TcpClient silent = rig.connect_trusted();
  ASSERT_TRUE(one_is_held());
  rig.stop();
  rig.destroy_server();
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_EQ(rig.admission.held, 0);
}

TEST_F(ProxyListener, PublicAddressTreatsAHeaderAsData) {
  rig.open_trusted();
  TcpClient client = rig.connect();
  ASSERT_TRUE(client.send(text_header(kClient)));
  const auto recorder = rig.recorder();
  EXPECT_TRUE(eventually([&] { return recorder->received() == text_header(kClient); }));
  EXPECT_TRUE(peer_of(recorder).starts_with("127.0.0.1:"));
}

TEST_F(ProxyListener, IsClosedUnlessOpened) {
  EXPECT_FALSE(rig.server().trusted_address());
  rig.open_trusted();
  EXPECT_NE(rig.server().trusted_address()->port(), rig.server().address().port());
}

// The log lines, read from the log file.
class ProxyListenerLog : public ProxyListener {
 protected:
  ProxyListenerLog() { EXPECT_TRUE(log::configure(log::Level::kInfo, file())); }
  ~ProxyListenerLog() override {
    rig.stop();
    EXPECT_TRUE(log::configure(log::Level::kInfo, ""));
  }
  std::string file() const { return dir_.file("log"); }
  std::ptrdiff_t lines() const {
    const std::string text = test::read_file(file());
    return std::count(text.begin(), text.end(), '\n');
  }
  // Connects, sends and waits until the server has handled it.
  void refuse_one(const std::string& bytes) {
    TcpClient client = rig.connect_trusted();
    EXPECT_TRUE(client.send(bytes));
    client.finish();
    EXPECT_EQ(client.receive_all(), "");
  }

 private:
  test::TempDir dir_;
};

TEST_F(ProxyListenerLog, NamesThePeerAndTheReason) {
  rig.open_trusted(std::chrono::milliseconds(500));
  refuse_one("hello");
  refuse_one("PROXY");
  TcpClient silent = rig.connect_trusted();
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_TRUE(eventually([&] { return lines() == 3; }));
  const std::string text = test::read_file(file());
  for (const char* reason : {"malformed", "closed", "timeout"}) {
    EXPECT_NE(text.find(" reason=" + std::string(reason)), std::string::npos) << text;
  }
  EXPECT_NE(text.find("event=proxy_header_refused peer=127.0.0.1:"), std::string::npos);
}

TEST_F(ProxyListenerLog, SilentHealthCheckIsNotLogged) {
  rig.open_trusted();
  for (int i = 0; i < 3; ++i) refuse_one("");
  {
    TcpClient resetting = rig.connect_trusted();
    ASSERT_TRUE(one_is_held());
    resetting.reset();
    EXPECT_TRUE(nothing_is_held());
  }
  EXPECT_EQ(lines(), 0);
  EXPECT_TRUE(admitted().empty());
}

TEST_F(ProxyListenerLog, RefusalsAreLoggedAtALimitedRate) {
  rig.open_trusted();
  for (int i = 0; i < 100; ++i) refuse_one("x");
  EXPECT_GE(lines(), 1);
  EXPECT_LT(lines(), 50);
}

}  // namespace
}  // namespace chat::net
