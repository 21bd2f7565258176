#include "chat/base/log.h"

#include <fcntl.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include "chat/base/unique_fd.h"

namespace chat::log {
namespace {

constexpr std::size_t kQuotedMaxBytes = 200;

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarn: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
    case Level::kOff: return spdlog::level::off;
  }
  return spdlog::level::info;
}

// Logs contain addresses of users: readable only by the server's account and group.
constexpr mode_t kFileMode = 0640;

// A file to append lines to, which can be reopened. Errors are spdlog_ex: the logger reports on
// stderr what it could not write, and continues.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(std::string file) : name_(std::move(file)), fd_(open()) {}
  // On an error the old file stays open.
  void reopen() {
    base::UniqueFd fd = open();
    const std::lock_guard lock(mutex_);
    fd_ = std::move(fd);
    torn_ = false;
  }

 private:
  base::UniqueFd open() const {
    std::error_code ignored;  // opening the file reports it
    const auto folder = std::filesystem::path(name_).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    // A pipe without a reader must not block, neither here nor when written.
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
    base::UniqueFd fd(::open(name_.c_str(), kFlags, kFileMode));
    if (!fd) throw spdlog::spdlog_ex(name_, errno);
    return fd;
  }

  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    if (torn_) line.push_back('\n');
    formatter_->format(message, line);
    const ssize_t written = ::write(fd_.get(), line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) {
      torn_ = false;
      return;
    }
    const int error = written < 0 ? errno : ENOSPC;
    torn_ = torn_ || written > 0;
    throw spdlog::spdlog_ex(name_, error);
  }
  void flush_() override {}  // nothing is buffered

  const std::string name_;
  base::UniqueFd fd_;
  bool torn_ = false;  // the last line was written partially: begin a new line
};

// Fixed before other threads start.
struct Files {
  std::shared_ptr<FileSink> log;
  std::shared_ptr<FileSink> audit;
  std::unique_ptr<spdlog::logger> auditor;
};

Files& files() {
  static Files files;
  return files;
}

Result<std::shared_ptr<FileSink>> open_sink(const std::string& file, const char* what) {
  try {
    return std::make_shared<FileSink>(file);
  } catch (const spdlog::spdlog_ex& error) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("cannot open the {} file {}", what, error.what()));
  }
}

void reopen(FileSink* sink) {
  if (sink == nullptr) return;
  try {
    sink->reopen();
  } catch (const spdlog::spdlog_ex& error) {
    log::error("event=log_not_reopened what={}", quoted(error.what()));
  }
}

void use(spdlog::sink_ptr sink, Level level) {
  auto logger = std::make_shared<spdlog::logger>("chat", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l thread=%t %v");
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

Result<void> configure(Level level, const std::string& file) {
  if (file.empty()) {
    use(std::make_shared<spdlog::sinks::stderr_sink_mt>(), level);
    return {};
  }
  auto sink = open_sink(file, "log");
  if (!sink) return fail(sink);
  files().log = *sink;
  use(*std::move(sink), level);
  return {};
}

Result<void> configure_audit(const std::string& file) {
  if (file.empty()) return {};
  auto sink = open_sink(file, "audit log");
  if (!sink) return fail(sink);
  files().audit = *sink;
  auto logger = std::make_unique<spdlog::logger>("audit", *std::move(sink));
  logger->set_pattern("%v");
  logger->flush_on(spdlog::level::info);
  files().auditor = std::move(logger);
  return {};
}

bool audit_enabled() {
  return files().auditor != nullptr;
}

void audit(std::string_view line) {
  files().auditor->info(spdlog::string_view_t(line.data(), line.size()));
}

void reopen() {
  reopen(files().log.get());
  reopen(files().audit.get());
}

bool enabled(Level level) {
  return spdlog::default_logger_raw()->should_log(to_spdlog(level));
}

void write(Level level, std::string_view line) {
  spdlog::default_logger_raw()->log(to_spdlog(level),
                                    spdlog::string_view_t(line.data(), line.size()));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kQuotedMaxBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += text.size() > kQuotedMaxBytes ? "…\"" : "\"";
  return out;
}

}  // namespace chat::log
