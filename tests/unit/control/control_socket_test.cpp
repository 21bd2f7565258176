#include "client/control/control_socket.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temp_dir.h"

namespace chat::client::control {
namespace {

class FindSocket : public testing::Test {
 protected:
  // The socket named by a configuration; an error as its sentence.
  std::string in(const std::string& ini) {
    std::ofstream(dir_.file("chat.ini")) << ini;
    ControlOptions options;
    options.config = dir_.file("chat.ini");
    const auto found = find_socket(options);
    return found ? *found : found.error().message;
  }
  test::TempDir dir_;
};

TEST_F(FindSocket, IsBesideTheDatabaseFile) {
  EXPECT_EQ(find_socket({}), "var/admin.sock");
  EXPECT_EQ(in(""), "var/admin.sock");
  EXPECT_EQ(in("[storage]\npath = /var/lib/chat/chat.db\n"), "/var/lib/chat/admin.sock");
  EXPECT_EQ(in("[storage]\npath = chat.db ; here\n"), "admin.sock");
}

TEST_F(FindSocket, IsNamedByTheNodeWithADatabaseServer) {
  EXPECT_EQ(in("[storage]\nengine = mysql\n"), "var/chatserver-127.0.0.1:6000.sock");
  EXPECT_EQ(in("[server]\nlisten = 0.0.0.0:7000\n[storage]\nengine = mysql\n"),
            "var/chatserver-0.0.0.0:7000.sock");
  EXPECT_EQ(in("[server]\nnode = node-1\n[storage]\nengine = mysql\n"),
            "var/chatserver-node-1.sock");
}

TEST_F(FindSocket, IsTheOneThatIsConfigured) {
  EXPECT_EQ(in("[server]\nadmin_socket = /run/chat.sock\n"), "/run/chat.sock");
  EXPECT_NE(in("[server]\nadmin_socket =\n").find("has no socket for operators"),
            std::string::npos);
  ControlOptions options;
  options.socket = "given.sock";
  options.config = "/nowhere.ini";
  EXPECT_EQ(find_socket(options), "given.sock");
  options.socket = "";
  EXPECT_FALSE(find_socket(options));
}

TEST(ControlSocket, SaysWhatToDoWithoutAServer) {
  ControlSocket socket;
  const auto connected = socket.connect("/nowhere/admin.sock");
  ASSERT_FALSE(connected);
  EXPECT_NE(connected.error().message.find("is chatserver running"), std::string::npos);
  EXPECT_FALSE(socket.connect(std::string(200, 'x')));
}

}  // namespace
}  // namespace chat::client::control
