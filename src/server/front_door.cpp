#include "server/front_door.h"

#include <utility>

#include "chat/base/log.h"
#include "chat/base/slab.h"
#include "chat/session/session.h"
#include "server/plain_port.h"

namespace chat::server {
namespace {

// The most clients that may send nothing for longer than a minute after connecting, however long
// limits.first_byte_timeout_ms is.
constexpr std::size_t kSilentClients = 1000;

session::SessionOptions session_options(const Config& config) {
  session::SessionOptions options;
  options.bytes_per_second = config.limits.bytes_per_second;
  options.classic_numbers = config.server.classic_numbers;
  options.patience.first_byte = config.limits.first_byte_timeout;
  return options;
}

}  // namespace

FrontDoor::FrontDoor(const Config& config, net::EventLoop& main_loop, const base::Clock& clock)
    : config_(config),
      main_loop_(main_loop),
      clock_(clock),
      io_loops_(config.server.io_threads, clock),
      loops_(io_loops_),
      slow_clients_(config.limits.slow_clients),
      silent_clients_(kSilentClients),
      limits_(connection_capacity(config.limits.connections),
              config.limits.connections_per_address) {}

Result<std::vector<std::string>> FrontDoor::bind() {
  server_ = std::make_unique<net::Server>(
      main_loop_, io_loops_,
      [this](net::Connection& connection, std::size_t loop_index) {
        return std::allocate_shared<session::Session>(base::SlabAllocator<session::Session>(),
                                                      *session_context_, connection, loop_index)
            ->connection_handler();
      },
      limits_);
  if (auto bound = server_->bind(config_.server.listen); !bound) return fail(bound);
  std::vector<std::string> warnings;
  if (auto warning = plain_port_warning(config_.server.listen)) {
    log::warn("event=plain_port_open what={}", log::quoted(*warning));
    warnings.push_back(*std::move(warning));
  }
  if (const auto& address = config_.server.proxy_listen) {
    if (auto bound = server_->bind_trusted(*address); !bound) return fail(bound);
  }
  return warnings;
}

void FrontDoor::serve(session::Workers workers, session::RequestHandler& handler,
                      base::MemoryRateStore& rates) {
  session_context_ = std::make_unique<session::SessionContext>(session::SessionContext{
      workers, handler, clock_, slow_clients_, silent_clients_, rates, session_options(config_)});
}

Result<void> FrontDoor::start_loops() {
  return io_loops_.start();
}

Result<void> FrontDoor::listen() {
  return server_->listen();
}

void FrontDoor::begin_stop() {
  server_->stop_accepting();
  server_->announce_stop();
}

void FrontDoor::close_all() {
  server_->close_all();
}

std::string FrontDoor::listening() const {
  std::string fields = "listen=" + server_->address().to_string();
  if (const auto trusted = server_->trusted_address()) {
    fields += " proxy_listen=" + trusted->to_string();
  }
  return fields;
}

}  // namespace chat::server
