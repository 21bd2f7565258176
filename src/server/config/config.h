#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "chat/base/log.h"
#include "chat/net/address.h"
#include "chat/protocol/classic_requests.h"

// The configuration, checked: plain values, no library types. conf/server.ini explains each key;
// config_keys.cpp holds defaults and ranges.
namespace chat::server {

enum class StorageEngine { kSqlite, kMysql };
enum class BusEngine { kLocal, kRedis };

// Made only by read_command_line() or default_config(); a default-constructed object is all zeroes.
struct Config {
  struct Server {
    net::Address listen;                       // port 0: the system chooses one
    std::optional<net::Address> proxy_listen;  // likewise; nothing: disabled
    std::string node;                          // empty: default_node_name() of the bound address
    std::string admin_socket;                  // empty: none; see protocol/admin_path.h
    unsigned io_threads = 0;                   // at least 1: "automatic" is resolved
    unsigned workers = 0;                      // likewise
    bool core_dumps = false;
    protocol::ClassicNumbers classic_numbers = protocol::ClassicNumbers::kUnknown;
  };
  struct Storage {
    StorageEngine engine = StorageEngine::kSqlite;
    std::string path;
    std::chrono::days retention{0};  // 0: keep everything
  };
  struct Mysql {
    std::string host;
    std::uint16_t port = 0;
    std::string socket;  // where not empty, it is used instead of host and port
    std::string user;
    std::string password;
    std::string database;
    unsigned pool_size = 0;
  };
  struct Bus {
    BusEngine engine = BusEngine::kLocal;
  };
  struct Redis {
    std::string host;
    std::uint16_t port = 0;
    std::string socket;  // where not empty, it is used instead of host and port
    std::string password;
    unsigned db = 0;
  };
  struct Auth {
    std::uint32_t argon2_memory_kib = 0;
    std::uint32_t argon2_ops = 0;
    std::chrono::days token_lifetime{0};
  };
  // 0 disables a limit.
  struct Limits {
    std::uint32_t chat_per_second = 0;            // per account
    std::uint32_t find_per_minute = 0;            // per account
    std::uint32_t acts_per_minute = 0;            // per account
    std::uint32_t register_per_minute = 0;        // per client address
    std::uint32_t login_failures_per_minute = 0;  // per client address
    std::uint32_t account_failures_per_minute = 0;
    std::uint32_t logins_per_minute = 0;              // per account
    std::uint32_t bytes_per_second = 0;               // per connection; pauses reading
    std::uint32_t connections = 0;                    // 0: RLIMIT_NOFILE less a reserve
    std::uint32_t connections_per_address = 0;        // loopback is exempt
    std::uint32_t slow_clients = 0;                   // clients with much unread output
    std::chrono::milliseconds first_byte_timeout{0};  // cannot be disabled
  };
  // How long after it was sent a message may be changed; 0: for ever.
  struct Messages {
    std::chrono::seconds recall{0};
    std::chrono::seconds edit{0};
  };
  struct Log {
    log::Level level = log::Level::kInfo;
    std::string file;        // empty: stderr
    std::string audit_file;  // empty: none
  };

  Server server;
  Storage storage;
  Mysql mysql;
  Bus bus;
  Redis redis;
  Auth auth;
  Limits limits;
  Messages messages;
  Log log;
};

// host:port; a wildcard host is replaced by the machine's name, so that two machines with the same
// configuration are two nodes.
std::string default_node_name(const net::Address& bound);

}  // namespace chat::server
