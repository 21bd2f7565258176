#include "redis_server.h"

#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "free_port.h"
#include "support/deadline.h"

namespace chat::test {
namespace {

constexpr const char* kRedisServer = "/usr/bin/redis-server";
constexpr const char* kRedisClient = "/usr/bin/redis-cli";

}  // namespace

std::string RedisServer::missing() {
  for (const char* program : {kRedisServer, kRedisClient}) {
    if (::access(program, X_OK) != 0) {
      return std::string(program) + " is not here: install redis-server";
    }
  }
  return "";
}

RedisServer::RedisServer(RedisSettings settings)
    : settings_(std::move(settings)), port_(settings_.tcp ? free_port() : 0) {
  start();
}

RedisServer::~RedisServer() = default;

void RedisServer::start() {
  std::vector<std::string> command = {kRedisServer, "--port",         std::to_string(port_),
                                      "--bind",     "127.0.0.1",      "--unixsocket",
                                      socket(),     "--dir",          dir_.path().string(),
                                      "--logfile",  dir_.file("log"), "--save",
                                      "",           "--appendonly",   "no"};
  if (!settings_.password.empty()) {
    command.insert(command.end(), {"--requirepass", settings_.password});
  }
  child_ = std::make_unique<ChildProcess>(command, dir_.file("stderr"));
  if (wait_until([this] { return !child_->running() || answers(); }) && child_->running()) return;
  throw std::runtime_error("Redis does not start:\n" + read_file(dir_.file("log")) +
                           read_file(dir_.file("stderr")));
}

std::vector<std::string> RedisServer::client(const std::vector<std::string>& words) const {
  std::vector<std::string> command = {kRedisClient, "-e", "-s", socket()};
  if (!settings_.password.empty()) {
    command.insert(command.end(), {"--no-auth-warning", "-a", settings_.password});
  }
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

bool RedisServer::answers() const {
  return run_to_end(client({"PING"})).exit_code == 0;
}

void RedisServer::kill9() {
  child_->send_signal(SIGKILL);
  child_->wait_exit(Deadline{});
}

void RedisServer::freeze() {
  child_->freeze();
}

void RedisServer::thaw() {
  child_->thaw();
}

std::string RedisServer::command(const std::vector<std::string>& words) {
  RunResult result = run_to_end(client(words));
  if (result.exit_code != 0) {
    throw std::runtime_error(words.front() + ": " + result.output + result.errors);
  }
  if (result.output.ends_with('\n')) result.output.pop_back();
  return result.output;
}

std::int64_t RedisServer::calls(const std::string& command_name) {
  const std::string statistics = command({"INFO", "commandstats"});
  const std::string label = "cmdstat_" + command_name + ":calls=";
  const auto place = statistics.find(label);
  return place == std::string::npos ? 0 : std::stoll(statistics.substr(place + label.size()));
}

}  // namespace chat::test
