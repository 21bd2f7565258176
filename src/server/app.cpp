#include "server/app.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/slab.h"
#include "chat/base/version.h"
#include "chat/cluster/node_claim.h"
#include "chat/service/service_environment.h"
#include "server/bus_factory.h"
#include "server/database_setup.h"
#include "server/plain_port.h"
#include "server/preflight.h"

namespace chat::server {
namespace {

// A stop ends within kStopMax: connections that are not gone by kCloseAfter are cut.
constexpr std::chrono::milliseconds kCloseAfter{3000};
constexpr std::chrono::milliseconds kStopMax{4500};
constexpr std::chrono::milliseconds kStopLook{20};

// Every session and every window is in it at most once, so it never fills.
constexpr std::size_t kWorkerQueue = 1 << 20;
constexpr std::size_t kHashQueue = 32;
// Only so many clients may be silent from their beginning for longer than a minute, however long
// limits.first_byte_timeout_ms is.
constexpr std::size_t kSilentClients = 1000;
// A chat passes half a dozen threads and is done soon; what has no end (hashing, reading histories)
// gives way to it where there are fewer cores than threads that have something to do.
constexpr int kHashNice = 10;
constexpr int kBlockingNice = 10;
// Readers of the embedded database: one for each worker that may be at it, and some.
constexpr std::size_t kSqliteSpareConnections = 2;

// Hashing is all computing: it must not take every core away from chat.
std::size_t hash_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 2);
}

bool is_embedded(const Config& config) {
  return config.storage.engine == StorageEngine::kSqlite;
}

// For a database server they mostly wait. An embedded database computes on them, under locks that
// the journal's commits need too: so they are few, and not nice, or one that is put aside with such
// a lock would keep everybody waiting.
std::size_t blocking_threads(const Config& config) {
  if (!is_embedded(config)) return config.server.workers;
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}
int blocking_nice(const Config& config) {
  return is_embedded(config) ? 0 : kBlockingNice;
}

storage::PoolOptions pool_options(const Config& config) {
  storage::PoolOptions options;
  options.size = is_embedded(config)
                     ? config.server.workers + blocking_threads(config) + kSqliteSpareConnections
                     : config.mysql.pool_size;
  return options;
}

service::ServiceOptions service_options(const Config& config) {
  service::ServiceOptions options;
  options.version = base::version();
  options.register_per_minute = config.limits.register_per_minute;
  options.login_failures_per_minute = config.limits.login_failures_per_minute;
  options.account_failures_per_minute = config.limits.account_failures_per_minute;
  options.logins_per_minute = config.limits.logins_per_minute;
  options.chat_per_second = config.limits.chat_per_second;
  options.token_lifetime = config.auth.token_lifetime;
  return options;
}

session::SessionOptions session_options(const Config& config) {
  session::SessionOptions options;
  options.bytes_per_second = config.limits.bytes_per_second;
  options.classic_numbers = config.server.classic_numbers;
  options.patience.first_byte = config.limits.first_byte_timeout;
  return options;
}

}  // namespace

App::App(const Config& config)
    : config_(config),
      clock_(base::system_clock()),
      service_manager_(clock_),
      main_loop_(clock_),
      io_loops_(config.server.io_threads, clock_),
      loops_(io_loops_),
      rates_(clock_),
      workers_("worker", config.server.workers, kWorkerQueue),
      blocking_workers_("blocking", blocking_threads(config), kWorkerQueue, blocking_nice(config)),
      hash_lane_("hash", hash_threads(), kHashQueue, kHashNice),
      known_hash_lane_("hash-known", 1, kHashQueue, kHashNice),
      other_hash_lane_("hash-other", 1, kHashQueue, kHashNice),
      database_(make_database(config)),
      pool_(*database_, pool_options(config), clock_),
      bus_(make_bus(config, hub_)),
      shared_rates_(make_shared_rates(config)),
      lease_(*database_, clock_),
      delivery_({loops_, registry_, *database_, pool_, *bus_, lease_, workers_, blocking_workers_,
                 clock_, [this] { main_loop_.post([this] { lose_lease(); }); }}),
      services_({pool_,
                 registry_,
                 delivery_,
                 {blocking_workers_, hash_lane_, known_hash_lane_, other_hash_lane_},
                 rates_,
                 shared_rates_.get(),
                 clock_},
                service_options(config), {config.auth.argon2_memory_kib, config.auth.argon2_ops}),
      slow_clients_(config.limits.slow_clients),
      silent_clients_(kSilentClients),
      limits_(connection_capacity(config.limits.connections),
              config.limits.connections_per_address),
      memory_trim_(MemoryTrim::cpu_time_of_process,
                   [this] { (void)workers_.try_post([this] { trim_memory(); }); }) {}

App::~App() {
  stop_threads();
}

Result<void> App::start() {
  if (auto opened = main_loop_.open(); !opened) return opened;
  if (auto opened = services_.open(); !opened) return opened;
  // Before the storage: a start that fails for its port leaves no new database behind.
  if (auto bound = bind(); !bound) return bound;
  if (auto opened = open_storage(); !opened) return opened;
  if (auto registered = register_node(); !registered) return registered;

  services_.start(node_, node_name_);
  session_context_ = std::make_unique<session::SessionContext>(
      session::SessionContext{{workers_, blocking_workers_},
                              services_.handler(),
                              clock_,
                              slow_clients_,
                              silent_clients_,
                              rates_,
                              session_options(config_)});
  if (auto started = start_threads(); !started) return started;
  // Not before: while the start waits for a lease, callers must find out at once that nobody is
  // here. From here on the kernel queues them; they are accepted once the main loop runs.
  return server_->listen();
}

Result<void> App::bind() {
  server_ = std::make_unique<net::Server>(
      main_loop_, io_loops_,
      [this](net::Connection& connection, std::size_t loop_index) {
        return std::allocate_shared<session::Session>(base::SlabAllocator<session::Session>(),
                                                      *session_context_, connection, loop_index);
      },
      limits_);
  if (auto bound = server_->bind(config_.server.listen); !bound) return bound;
  if (auto warning = plain_port_warning(config_.server.listen)) {
    log::warn("event=plain_port_open what={}", log::quoted(*warning));
    warnings_.push_back(*std::move(warning));
  }
  if (const auto& address = config_.server.proxy_listen) return server_->bind_trusted(*address);
  return {};
}

Result<void> App::open_storage() {
  const std::string new_file = database_file_to_be_made(config_);
  if (auto opened = database_->open(); !opened) return opened;
  for (std::string& warning : durability_warnings(*database_)) {
    log::error("event=not_durable what={}", log::quoted(warning));
    warnings_.push_back(std::move(warning));
  }
  if (!new_file.empty()) {
    log::warn("event=database_made path={}", log::quoted(new_file));
    warnings_.push_back("made a new database: " + new_file);
  }
  auto updated =
      update_schema(*database_, {{},
                                 [this](const std::string& sentence) { tell_wait(sentence); },
                                 [] { return Signals::stop_pending(); }});
  if (!updated) return updated;
  auto id = read_cluster_id(*database_);
  if (!id) return fail(id);
  cluster_id_ = *std::move(id);
  if (bus_->alone() || !database_->exclusive()) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      database_->describe() + " can't be shared by several servers: use storage.engine=mysql");
}

Result<void> App::register_node() {
  node_name_ =
      config_.server.node.empty() ? default_node_name(server_->address()) : config_.server.node;
  const cluster::NodeClaim claim{node_name_, bus_->alone(), database_->exclusive(),
                                 server_->address().to_string()};
  auto node = lease_.begin(claim, {[this](const std::string& sentence) { tell_wait(sentence); },
                                   [] { return Signals::stop_pending(); }});
  if (!node) return fail(node);
  node_ = *node;
  return {};
}

// People look at the terminal, whatever file the log is written to.
void App::tell_wait(const std::string& sentence) const {
  log::warn("event=start_waits what={}", log::quoted(sentence));
  if (!config_.log.file.empty()) (void)std::fprintf(stderr, "chatserver: %s\n", sentence.c_str());
}

Result<void> App::start_threads() {
  if (shared_rates_ != nullptr) {
    if (auto opened = shared_rates_->open(cluster_id_); !opened) return opened;
  }
  bus_->set_cluster(cluster_id_);
  if (auto started = bus_->start(delivery_.bus_listener()); !started) return started;
  bus_->subscribe({cluster::kChannelOfAll}, {});
  if (auto started = io_loops_.start(); !started) return started;
  workers_.start();
  blocking_workers_.start();
  hash_lane_.start();
  known_hash_lane_.start();
  other_hash_lane_.start();
  delivery_.start(node_, config_.storage.retention);
  lease_.start(delivery_.node_listener());
  main_loop_.run_every(MemoryTrim::kInterval, [this] { memory_trim_.tick(); });
  return signals_.open(main_loop_, [this](int signal) { on_signal(signal); });
}

std::string App::listening() const {
  std::string fields = "listen=" + server_->address().to_string();
  if (const auto trusted = server_->trusted_address()) {
    fields += " proxy_listen=" + trusted->to_string();
  }
  return fields;
}

std::string App::ready_line() const {
  return "ready " + listening() + " node=" + node_name_ + " storage=" + database_->describe() +
         " bus=" + bus_->describe() + " version=" + std::string(base::version());
}

bool App::run() {
  log::info("event=ready {} node={}", listening(), node_name_);
  tell_ready();
  main_loop_.run();
  stop_threads();
  log::info("event=stopped");
  return !lease_lost_;
}

// A hang-up never ends a server: the terminal that it was started from may go.
void App::on_signal(int signal) {
  if (signal != SIGHUP) return begin_stop(signal);
  const bool has_files = !config_.log.file.empty() || !config_.log.audit_file.empty();
  if (!has_files) return log::info("event=hangup_ignored what=\"there is no log file to reopen\"");
  log::reopen();
  log::info("event=logs_reopened");
}

void App::tell_ready() {
  std::vector<ServiceManager::Part> parts;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    parts.push_back({"io-" + std::to_string(i), [this, i](base::Task task) {
                       loops_.post(i, std::move(task));
                       return true;
                     }});
  }
  parts.push_back(
      {"workers", [this](base::Task task) { return workers_.try_post(std::move(task)); }});
  service_manager_.ready(std::move(parts));
  if (const auto interval = service_manager_.tick_interval(); interval.count() > 0) {
    main_loop_.run_every(interval, [this] { service_manager_.tick(); });
  }
}

void App::begin_stop(int signal) {
  log::info("event=stopping signal={} connections={}", signal, server_->count());
  if (stop_by_ != base::SteadyTime{}) return;
  stop_by_ = clock_.now() + kStopMax;
  service_manager_.stopping();
  server_->stop_accepting();
  server_->announce_stop();
  main_loop_.run_after(kCloseAfter, [this] { server_->close_all(); });
  main_loop_.run_every(kStopLook, [this] { watch_stop(); });
}

void App::lose_lease() {
  log::error("event=lease_lost node={} epoch={}", node_name_, node_.epoch);
  lease_lost_ = true;
  begin_stop(0);
}

void App::watch_stop() {
  const bool all_gone = server_->count() == 0 && registry_.size() == 0;
  if (all_gone || clock_.now() >= stop_by_) main_loop_.stop();
}

void App::trim_memory() {
  pool_.release_memory();
  MemoryTrim::trim_now();
}

// The lanes first, so that what they settle still finds workers and loops; the loops last.
void App::stop_threads() {
  if (shared_rates_ != nullptr) shared_rates_->stop();
  services_.stop();
  delivery_.stop_background();
  hash_lane_.stop();
  known_hash_lane_.stop();
  other_hash_lane_.stop();
  delivery_.stop_journal();
  blocking_workers_.stop();
  workers_.stop();
  delivery_.stop_writers();
  lease_.stop();
  io_loops_.stop();
  bus_->stop();
  database_->close();
}

}  // namespace chat::server
