#include "chat/net/connection.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "large_blocks.h"
#include "net/inner/timer_wheel.h"
#include "server_rig.h"

namespace chat::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::eventually;
using test::TcpClient;

// A text without repetitions.
std::string pattern(std::size_t size) {
  std::string text;
  text.reserve(size + 16);
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
  text.resize(size);
  return text;
}

void echo(Connection& connection, std::string_view bytes) {
  connection.send(bytes);
}

TEST(Connection, PassesBytesInAndOut) {
  ServerRig rig;
  rig.behaviour.on_bytes = echo;
  TcpClient client = rig.connect();
  ASSERT_TRUE(client.send("hello"));
  EXPECT_EQ(client.receive(5), "hello");
  const auto recorder = rig.recorder();
  EXPECT_EQ(recorder->received(), "hello");
  EXPECT_TRUE(rig.in_loop(*recorder, [](Connection& c) { return c.peer().is_loopback(); }));
}

TEST(Connection, SendsOfOneRoundLeaveInOneWrite) {
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [](Connection& c) {
    c.send("one ");
    c.send("");
    c.send("two ");
    c.loop().post([&c] { c.send("next round"); });
    c.send("three ");
    EXPECT_EQ(c.unsent_bytes(), 14U);
  });
  EXPECT_EQ(client.receive(24), "one two three next round");
  EXPECT_TRUE(eventually([&] { return recorder->written == 24; }));
  EXPECT_EQ(client.data_segments_received(), 2U);
  EXPECT_EQ(recorder->writes, 2);
}

TEST(Connection, FlushNowWritesBeforeItReturns) {
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [&](Connection& c) {
    c.flush_now();  // nothing to write
    c.send("at once");
    c.flush_now();
    EXPECT_EQ(client.receive(7), "at once");
    EXPECT_EQ(c.unsent_bytes(), 0U);
  });
  EXPECT_EQ(recorder->writes, 1);
}

TEST(Connection, DetectsAHangUpAfterUnreadInput) {
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [](Connection& c) {
    c.pause_reading();
    EXPECT_FALSE(c.peer_hung_up());
  });
  ASSERT_TRUE(client.send("unread"));
  client.finish();
  EXPECT_TRUE(eventually(
      [&] { return rig.in_loop(*recorder, [](Connection& c) { return c.peer_hung_up(); }); }));
  EXPECT_EQ(recorder->input_ends, 0);
}

TEST(Connection, DeliversEverythingInOrderToASlowReader) {
  ServerRig rig;
  TcpClient client = rig.connect(4096);
  const auto recorder = rig.recorder();
  const std::string sent = pattern(8 << 20);
  rig.in_loop(*recorder, [&](Connection& c) {
    c.send(std::string_view(sent).substr(0, 100));
    c.send(std::string_view(sent).substr(100));
  });
  // The kernel accepts only its bounded share.
  EXPECT_TRUE(eventually([&] { return recorder->written > 0; }));
  const std::size_t unread = recorder->written;
  EXPECT_LT(unread, 512U * 1024);
  EXPECT_EQ(rig.in_loop(*recorder, [](Connection& c) { return c.unsent_bytes(); }),
            sent.size() - unread);

  EXPECT_TRUE(client.receive(sent.size()) == sent);
  EXPECT_TRUE(eventually([&] { return recorder->written == sent.size(); }));
  EXPECT_EQ(rig.in_loop(*recorder, [](Connection& c) { return c.unsent_bytes(); }), 0U);
}

TEST(Connection, KeepsNoOutputBufferWhenEverythingIsWritten) {
  if (!test::kCountsLargeBlocks) GTEST_SKIP() << "the sanitizer has the allocator";
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  const std::string sent = pattern(2 << 20);
  const int before = test::large_blocks();
  rig.in_loop(*recorder, [&](Connection& c) {
    c.send(sent);
    EXPECT_GT(test::large_blocks(), before);
  });
  for (std::size_t got = 0; got < sent.size();) got += client.receive_once().size();
  EXPECT_TRUE(eventually([&] { return recorder->written == sent.size(); }));
  rig.in_loop(*recorder, [](Connection&) {});
  EXPECT_EQ(test::large_blocks(), before);
}

TEST(Connection, SleepsWhileAPeerDoesNotRead) {
  ServerRig rig;
  TcpClient client = rig.connect(4096);
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [&](Connection& c) { c.send(pattern(1 << 20)); });
  EXPECT_TRUE(eventually([&] { return recorder->written > 0; }));
  const auto before = test::cpu_time(rig.pool().at(0));
  EXPECT_FALSE(eventually([&] { return recorder->written == 1 << 20; }, milliseconds(200)));
  EXPECT_LT(test::cpu_time(rig.pool().at(0)) - before, test::kIdleCpu);
}

TEST(Connection, ReportsTheEndOfInputOnceAndStillWrites) {
  ServerRig rig;
  TcpClient client = rig.connect();
  ASSERT_TRUE(client.send("question"));
  client.finish();
  const auto recorder = rig.recorder();
  EXPECT_TRUE(eventually([&] { return recorder->input_ends == 1; }));
  EXPECT_EQ(recorder->received(), "question");
  // Neither resuming nor waiting reports it again, and the loop does not spin.
  const auto before = test::cpu_time(rig.pool().at(0));
  rig.in_loop(*recorder, [](Connection& c) {
    c.pause_reading();
    c.resume_reading();
  });
  EXPECT_FALSE(eventually([&] { return recorder->input_ends > 1; }, milliseconds(200)));
  EXPECT_LT(test::cpu_time(rig.pool().at(0)) - before, test::kIdleCpu);

  const std::string answer = pattern(1 << 20);
  rig.in_loop(*recorder, [&](Connection& c) {
    c.send(answer);
    c.close_when_sent();
  });
  EXPECT_TRUE(client.receive_all() == answer);
  EXPECT_EQ(client.error(), 0);
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(recorder->written, answer.size());
  EXPECT_EQ(recorder->closed, 1);
}

TEST(Connection, CloseWhenSentDeliversAllWhileThePeerSends) {
  ServerRig rig;
  TcpClient client = rig.connect(16 * 1024);
  const auto recorder = rig.recorder();
  std::atomic<bool> stop{false};
  std::thread talker([&] {
    const std::string chunk(16 * 1024, 'x');
    while (!stop) {
      if (client.send_some(chunk) == 0) ::poll(nullptr, 0, 1);
    }
  });
  EXPECT_TRUE(eventually([&] { return recorder->received_bytes() > 0; }));
  const std::string last_words = pattern(4 << 20);
  rig.in_loop(*recorder, [&](Connection& c) {
    c.send(last_words);
    c.close_when_sent();
    c.send("never");
  });
  const std::string got = client.receive_all();
  EXPECT_EQ(client.error(), 0);
  EXPECT_TRUE(got == last_words) << got.size();
  stop = true;
  talker.join();
  client.close();
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(recorder->input_ends, 0);
}

// Gives the sockets accepted by this listener, which is in this process, a fixed large receive
// buffer, because automatic sizes depend on the speed of reading.
void fix_receive_buffers(const Address& listener) {
  constexpr int kBytes = 200 * 1024;  // every kernel allows that by default
  for (int fd = 0; fd < 1000; ++fd) {
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) != 0) continue;
    if (own.ss_family != AF_INET || Address::from(own).port() != listener.port()) continue;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBytes, sizeof(kBytes));
  }
}

// The peer has sent much, then FIN, and reads slowly: closing with its input unread would send RST,
// and pending output would be lost.
TEST(Connection, ReadsAllInputBeforeClosing) {
  ServerRig rig;
  fix_receive_buffers(rig.server().address());
  TcpClient client = rig.connect(4096);
  const auto recorder = rig.recorder();
  // Some traffic first, because the kernel opens the window gradually.
  const std::string talk(2 << 20, 't');
  ASSERT_TRUE(client.send(talk));
  ASSERT_TRUE(eventually([&] { return recorder->received_bytes() == talk.size(); }));
  rig.in_loop(*recorder, [](Connection& c) { c.pause_reading(); });
  const std::string unread(100'000, 'u');  // more than one read takes
  ASSERT_TRUE(client.send(unread));
  client.finish();
  ASSERT_TRUE(eventually([&] { return client.finish_is_acknowledged(); }));

  const std::string last_words = pattern(32 * 1024);
  rig.in_loop(*recorder, [&](Connection& c) {
    c.send(last_words);
    c.close_when_sent();
  });
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(client.receive_all(), last_words);
  EXPECT_EQ(client.error(), 0);
}

TEST(Connection, LingersUntilThePeerCloses) {
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  const auto start = steady_clock::now();
  rig.in_loop(*recorder, [&](Connection& c) {
    c.send("bye");
    c.close_when_sent();
  });
  EXPECT_EQ(client.receive_all(), "bye");
  EXPECT_EQ(client.error(), 0);
  EXPECT_EQ(rig.server().count(), 1U);
  EXPECT_TRUE(client.send("not heard any more"));
  client.close();
  EXPECT_TRUE(rig.all_gone());
  EXPECT_LT(steady_clock::now() - start, milliseconds(1500));
  EXPECT_EQ(recorder->received(), "");
}

TEST(Connection, LingersAtMostUntilItsDeadline) {
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  const auto start = steady_clock::now();
  rig.in_loop(*recorder, [&](Connection& c) {
    c.close_when_sent();
    // Set while draining or lingering: must not prolong lingering.
    c.loop().post([&c] { c.set_deadline(steady_clock::now() + seconds(60)); });
  });
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(rig.all_gone());
  EXPECT_GE(steady_clock::now() - start, milliseconds(1900));
  EXPECT_LE(steady_clock::now() - start, milliseconds(3500));
  EXPECT_EQ(recorder->deadlines, 0);
}

TEST(Connection, DeadlineAppliesWhileDraining) {
  ServerRig rig;
  rig.behaviour.on_deadline = [](Connection& c) { c.close(); };
  TcpClient client = rig.connect(4096);
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [&](Connection& c) {
    c.send(pattern(2 << 20));
    c.close_when_sent();
    c.set_deadline(steady_clock::now() + milliseconds(20));
  });
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(recorder->deadlines, 1);
}

TEST(Connection, CloseWhenSentCallsOnClosedAfterReturning) {
  ServerRig rig;
  std::atomic<bool> told_inside{false};
  ServerRig* const seen = &rig;
  rig.behaviour.on_input_end = [&told_inside, seen](Connection& c) {
    c.close_when_sent();  // nothing to write, nothing to wait for
    told_inside = c.closed() || seen->recorder()->closed > 0;
  };
  TcpClient client = rig.connect();
  client.finish();
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(rig.all_gone());
  EXPECT_FALSE(told_inside);
  EXPECT_EQ(rig.recorder()->closed, 1);
}

struct CloseCase {
  const char* name;
  std::function<void(Behaviour&)> arrange;
};

class ConnectionCloses : public testing::TestWithParam<CloseCase> {};

TEST_P(ConnectionCloses, SafelyFromInsideEveryCall) {
  ServerRig rig;
  GetParam().arrange(rig.behaviour);
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  client.send("x");
  client.finish();
  client.receive_all();
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(recorder->closed, 1);
  EXPECT_TRUE(eventually([&] { return rig.admission.gone_count == 1; }));
}

// Each closes with more pending: output, a deadline, input.
void make_busy(Connection& c) {
  c.send("some output");
  c.set_deadline(steady_clock::now());
}

INSTANTIATE_TEST_SUITE_P(
    , ConnectionCloses,
    testing::Values(CloseCase{"on_bytes",
                              [](Behaviour& b) {
                                b.on_bytes = [](Connection& c, std::string_view) {
                                  make_busy(c);
                                  c.close();
                                  make_busy(c);
                                  c.close();
                                  c.close_when_sent();
                                  c.pause_reading();
                                  c.resume_reading();
                                };
                              }},
                    CloseCase{"on_input_end",
                              [](Behaviour& b) {
                                b.on_input_end = [](Connection& c) {
                                  make_busy(c);
                                  c.close();
                                };
                              }},
                    CloseCase{"on_written",
                              [](Behaviour& b) {
                                b.on_bytes = [](Connection& c, std::string_view) { make_busy(c); };
                                b.on_written = [](Connection& c, std::size_t) {
                                  make_busy(c);
                                  c.close();
                                };
                              }},
                    CloseCase{"on_written_of_last_words",
                              [](Behaviour& b) {
                                b.on_bytes = [](Connection& c, std::string_view) {
                                  make_busy(c);
                                  c.close_when_sent();
                                };
                                b.on_written = [](Connection& c, std::size_t) { c.close(); };
                              }},
                    CloseCase{"when_sent_on_written",
                              [](Behaviour& b) {
                                b.on_bytes = [](Connection& c, std::string_view) { make_busy(c); };
                                b.on_written = [](Connection& c, std::size_t) {
                                  make_busy(c);
                                  c.close_when_sent();
                                };
                              }},
                    CloseCase{"on_deadline",
                              [](Behaviour& b) {
                                b.on_bytes = [](Connection& c, std::string_view) { make_busy(c); };
                                b.on_deadline = [](Connection& c) {
                                  make_busy(c);
                                  c.close();
                                };
                              }}),
    [](const auto& tested) { return tested.param.name; });

// The handler factory may send, pause, or close before the connection is open.
TEST(Connection, ObeysCallsMadeBeforeOpen) {
  {
    ServerRig rig;
    rig.behaviour.on_made = [](Connection& c) {
      c.send("full, sorry");
      c.close_when_sent();
    };
    TcpClient client = rig.connect();
    EXPECT_EQ(client.receive_all(), "full, sorry");
    EXPECT_EQ(client.error(), 0);
    client.close();
    EXPECT_TRUE(rig.all_gone());
  }
  {
    ServerRig rig;
    rig.behaviour.on_made = [](Connection& c) { c.pause_reading(); };
    TcpClient client = rig.connect();
    ASSERT_TRUE(client.send("patience"));
    const auto recorder = rig.recorder();
    const auto before = test::cpu_time(rig.pool().at(0));
    EXPECT_FALSE(eventually([&] { return recorder->received_bytes() > 0; }, milliseconds(200)));
    EXPECT_LT(test::cpu_time(rig.pool().at(0)) - before, test::kIdleCpu);
    rig.in_loop(*recorder, [](Connection& c) { c.resume_reading(); });
    EXPECT_TRUE(eventually([&] { return recorder->received() == "patience"; }));
  }
  {
    ServerRig rig;
    rig.behaviour.on_made = [](Connection& c) { c.close(); };
    TcpClient client = rig.connect();
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_TRUE(rig.all_gone());
  }
}

TEST(Connection, ReadsNothingWhilePausedAndGoesOnAfterwards) {
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [](Connection& c) { c.pause_reading(); });
  ASSERT_TRUE(client.send("later"));
  const auto before = test::cpu_time(rig.pool().at(0));
  EXPECT_FALSE(eventually([&] { return recorder->received_bytes() > 0; }, milliseconds(200)));
  EXPECT_LT(test::cpu_time(rig.pool().at(0)) - before, test::kIdleCpu);
  // Writing continues meanwhile.
  rig.in_loop(*recorder, [](Connection& c) { c.send("still here"); });
  EXPECT_EQ(client.receive(10), "still here");
  rig.in_loop(*recorder, [](Connection& c) { c.resume_reading(); });
  EXPECT_TRUE(eventually([&] { return recorder->received() == "later"; }));
}

TEST(Connection, DetectsAResetWhileReadingIsPaused) {
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [](Connection& c) { c.pause_reading(); });
  client.reset();
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(recorder->closed, 1);
  EXPECT_EQ(recorder->input_ends, 0);
}

// The caller may be far inside what on_closed() ends.
TEST(Connection, FlushNowClosesABrokenConnectionOnlyAfterReturning) {
  ServerRig rig;
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [&](Connection& c) {
    client.reset();
    for (int i = 0; i < 3; ++i) {
      c.send("into a broken connection");
      c.flush_now();
      EXPECT_EQ(recorder->closed, 0);
      EXPECT_FALSE(c.closed());
    }
  });
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(recorder->closed, 1);
}

TEST(Connection, DetectsAResetInEveryState) {
  const std::string big = pattern(2 << 20);
  const std::function<void(Connection&)> states[] = {
      [](Connection&) {},
      [&](Connection& c) { c.send(big); },
      [&](Connection& c) {
        c.send(big);
        c.close_when_sent();
      },
      [](Connection& c) { c.close_when_sent(); },
  };
  for (const auto& enter : states) {
    ServerRig rig;
    TcpClient client = rig.connect(4096);
    const auto recorder = rig.recorder();
    rig.in_loop(*recorder, enter);
    const auto start = steady_clock::now();
    client.reset();
    EXPECT_TRUE(rig.all_gone());
    EXPECT_LT(steady_clock::now() - start, milliseconds(1500));  // not by a deadline
    EXPECT_EQ(recorder->closed, 1);
  }
}

TEST(Connection, DeadlineCallbackMaySetTheNextOne) {
  ServerRig rig;
  std::atomic<bool> early{false};
  steady_clock::time_point due;  // the loop's
  rig.behaviour.on_deadline = [&](Connection& c) {
    if (steady_clock::now() < due) early = true;
    due = steady_clock::now() + milliseconds(20);
    c.set_deadline(due);
  };
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  const auto start = steady_clock::now();
  rig.in_loop(*recorder, [&](Connection& c) {
    c.set_deadline(steady_clock::now() + seconds(600));
    due = steady_clock::now() + milliseconds(20);
    c.set_deadline(due);  // replaces
  });
  EXPECT_TRUE(eventually([&] { return recorder->deadlines >= 3; }));
  EXPECT_LE(steady_clock::now() - start, 3 * (milliseconds(20) + 2 * TimerWheel::kTick));
  EXPECT_FALSE(early);
}

// The deadline and the event that closes the connection occur in the same round.
TEST(Connection, ReportsNoDeadlineAfterClose) {
  ServerRig rig;
  rig.behaviour.on_bytes = [](Connection& c, std::string_view) { c.close(); };
  TcpClient client = rig.connect();
  const auto recorder = rig.recorder();
  rig.in_loop(*recorder, [&](Connection& c) {
    c.set_deadline(steady_clock::now());
    EXPECT_TRUE(client.send("x"));
    // Both are ready, the bytes first, before the loop polls again.
    eventually([] { return false; }, 2 * TimerWheel::kTick);
  });
  EXPECT_TRUE(rig.all_gone());
  EXPECT_EQ(recorder->deadlines, 0);
  EXPECT_EQ(recorder->calls_after_closed, 0);
}

TEST(Connection, AnswersEachOfManyPeersTheirOwnBytes) {
  ServerRig rig(2);
  rig.behaviour.on_bytes = echo;
  std::vector<TcpClient> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(rig.connect());
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send(std::to_string(1000 + i));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i].receive(4), std::to_string(1000 + i));
  }
  clients.clear();
  EXPECT_TRUE(eventually([&] {
    int ended = 0;
    for (const auto& recorder : rig.recorders()) ended += recorder->input_ends;
    return ended == 50;
  }));
}

}  // namespace
}  // namespace chat::net
