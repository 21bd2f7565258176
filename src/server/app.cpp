#include "server/app.h"

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/version.h"
#include "chat/cluster/node_claim.h"
#include "chat/protocol/admin_path.h"
#include "chat/service/moderation.h"
#include "chat/service/service_environment.h"
#include "chat/session/loops.h"
#include "server/admin/admin_commands.h"
#include "server/database_setup.h"
#include "server/preflight.h"

namespace chat::server {
namespace {

// A stop takes at most kStopMax: connections still open after kCloseAfter are cut.
constexpr std::chrono::milliseconds kCloseAfter{3000};
constexpr std::chrono::milliseconds kStopMax{4500};
constexpr std::chrono::milliseconds kStopLook{20};

storage::PoolOptions pool_options(const Config& config) {
  storage::PoolOptions options;
  options.size = database_leases(config);
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
  options.find_per_minute = config.limits.find_per_minute;
  options.acts_per_minute = config.limits.acts_per_minute;
  options.recall_seconds = config.messages.recall.count();
  options.edit_seconds = config.messages.edit.count();
  options.token_lifetime = config.auth.token_lifetime;
  return options;
}

}  // namespace

App::App(const Config& config)
    : config_(config),
      clock_(base::system_clock()),
      service_manager_(clock_),
      main_loop_(clock_),
      rates_(clock_),
      pools_(config_),
      database_(make_database(config_)),
      pool_(*database_, pool_options(config_), clock_),
      node_(config_, *database_, clock_),
      front_door_(config_, main_loop_, clock_),
      delivery_({front_door_.loops(), registry_, *database_, pool_, node_.bus(), node_.lease(),
                 pools_.workers(), pools_.blocking(), clock_,
                 [this] { main_loop_.post([this] { lose_lease(); }); }}),
      services_(
          {pool_, registry_, delivery_, pools_.of_service(), rates_, node_.shared_rates(), clock_},
          service_options(config_), {config_.auth.argon2_memory_kib, config_.auth.argon2_ops}),
      memory_trim_(MemoryTrim::cpu_time_of_process,
                   [this] { (void)pools_.workers().try_post([this] { trim_memory(); }); }) {}

// Connections that a stop has cut are destroyed before the objects that their sessions use.
App::~App() {
  stop_threads();
  front_door_.drop_connections();
}

Result<void> App::start() {
  if (auto opened = main_loop_.open(); !opened) return opened;
  if (auto opened = services_.open(); !opened) return opened;
  // Before the storage, so that a start that fails because of its port creates no database.
  auto warnings = front_door_.bind();
  if (!warnings) return fail(warnings);
  warnings_ = *std::move(warnings);
  if (auto opened = open_storage(); !opened) return opened;
  const cluster::StartWait wait{[this](const std::string& sentence) { tell_wait(sentence); },
                                [] { return Signals::stop_pending(); }};
  if (auto begun = node_.begin(front_door_.address(), wait); !begun) return begun;
  services_.start(node_.node(), node_.name(), node_.cluster_id());
  front_door_.serve({pools_.workers(), pools_.blocking()}, services_.handler(), rates_);
  if (auto started = start_threads(); !started) return started;
  services_.start_departures();
  if (auto opened = open_admin_socket(); !opened) return opened;
  // Last, because while the start waits for a lease clients must be refused at once.
  return front_door_.listen();
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
    warnings_.push_back("created a new database: " + new_file);
  }
  auto updated =
      update_schema(*database_, {{},
                                 [this](const std::string& sentence) { tell_wait(sentence); },
                                 [] { return Signals::stop_pending(); }});
  if (!updated) return updated;
  return node_.open();
}

// A server that nobody has told where to listen for operators does not fail because of that.
Result<void> App::open_admin_socket() {
  const std::string path = admin_socket_path();
  if (path.empty()) return {};
  if (auto opened = admin_socket_.open(path); !opened) {
    if (config_.server.admin_socket != protocol::kAdminSocketAuto) return opened;
    log::warn("event=no_admin_socket what={}", log::quoted(opened.error().message));
    warnings_.push_back(opened.error().message +
                        ": chatctl cannot be used; set server.admin_socket");
    return {};
  }
  admin_socket_.start(
      [commands = AdminCommands(services_.moderation())](
          std::string_view line, std::uint32_t uid) mutable { return commands.answer(line, uid); });
  log::info("event=admin_listening path={}", log::quoted(path));
  return {};
}

std::string App::admin_socket_path() const {
  if (config_.server.admin_socket != protocol::kAdminSocketAuto) return config_.server.admin_socket;
  const bool has_file = config_.storage.engine == StorageEngine::kSqlite;
  const bool any_port = config_.server.listen.port() == 0;
  const net::Address& listen = any_port ? front_door_.address() : config_.server.listen;
  const std::string& node = config_.server.node;
  return protocol::default_admin_socket(has_file ? config_.storage.path : "",
                                        node.empty() ? listen.to_string() : node);
}

// Also shown on the terminal if the log goes to a file.
void App::tell_wait(const std::string& sentence) const {
  log::warn("event=start_waits what={}", log::quoted(sentence));
  if (!config_.log.file.empty()) (void)std::fprintf(stderr, "chatserver: %s\n", sentence.c_str());
}

// In order of dependency.
Result<void> App::start_threads() {
  if (auto started = node_.start_bus(delivery_.bus_listener()); !started) return started;
  if (auto started = front_door_.start_loops(); !started) return started;
  pools_.start();
  delivery_.start(node_.node(), config_.storage.retention);
  node_.start_lease(delivery_.node_listener());
  main_loop_.run_every(MemoryTrim::kInterval, [this] { memory_trim_.tick(); });
  return signals_.open(main_loop_, [this](int signal) { on_signal(signal); });
}

std::string App::ready_line() const {
  return "ready " + front_door_.listening() + " node=" + node_.name() +
         " storage=" + database_->describe() + " bus=" + node_.bus().describe() +
         " version=" + std::string(base::version());
}

bool App::run() {
  log::info("event=ready {} node={}", front_door_.listening(), node_.name());
  tell_ready();
  main_loop_.run();
  stop_threads();
  log::info("event=stopped");
  return !lease_lost_;
}

// SIGHUP never ends a server, because its terminal may be closed.
void App::on_signal(int signal) {
  if (signal != SIGHUP) return begin_stop(signal);
  const bool has_files = !config_.log.file.empty() || !config_.log.audit_file.empty();
  if (!has_files) return log::info("event=hangup_ignored what=\"there is no log file to reopen\"");
  log::reopen();
  log::info("event=logs_reopened");
}

void App::tell_ready() {
  std::vector<ServiceManager::Part> parts;
  session::Loops& loops = front_door_.loops();
  for (std::size_t i = 0; i < loops.size(); ++i) {
    parts.push_back({"io-" + std::to_string(i), [&loops, i](base::Task task) {
                       loops.post(i, std::move(task));
                       return true;
                     }});
  }
  parts.push_back(
      {"workers", [this](base::Task task) { return pools_.workers().try_post(std::move(task)); }});
  service_manager_.ready(std::move(parts));
  if (const auto interval = service_manager_.tick_interval(); interval.count() > 0) {
    main_loop_.run_every(interval, [this] { service_manager_.tick(); });
  }
}

void App::begin_stop(int signal) {
  log::info("event=stopping signal={} connections={}", signal, front_door_.count());
  if (stop_by_ != base::SteadyTime{}) return;
  stop_by_ = clock_.now() + kStopMax;
  service_manager_.stopping();
  front_door_.begin_stop();
  main_loop_.run_after(kCloseAfter, [this] { front_door_.close_all(); });
  main_loop_.run_every(kStopLook, [this] { watch_stop(); });
}

void App::lose_lease() {
  log::error("event=lease_lost node={} epoch={}", node_.name(), node_.node().epoch);
  lease_lost_ = true;
  begin_stop(0);
}

void App::watch_stop() {
  const bool all_gone = front_door_.count() == 0 && registry_.size() == 0;
  if (all_gone || clock_.now() >= stop_by_) main_loop_.stop();
}

void App::trim_memory() {
  front_door_.loops().free_spare_memory();
  pool_.release_memory();
  MemoryTrim::trim_now();
}

// Producers of work stop before its consumers: workers still run for the entries that the journal
// settles, the results of the workers are still written, and all may post to the loops.
void App::stop_threads() {
  admin_socket_.stop();
  node_.stop_rates();
  services_.stop();
  delivery_.stop_background();
  pools_.stop_hashing();
  delivery_.stop_journal();
  pools_.stop();
  delivery_.stop_writers();
  node_.stop_lease();
  front_door_.stop_loops();
  node_.stop_bus();
  database_->close();
}

}  // namespace chat::server
