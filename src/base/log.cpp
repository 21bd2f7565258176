#include "chat/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

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

void use(spdlog::sink_ptr sink, Level level) {
  auto logger = std::make_shared<spdlog::logger>("chat", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l thread=%t %v");
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

Result<void> configure(Level level, const std::string& file) {
  try {
    if (file.empty()) {
      use(std::make_shared<spdlog::sinks::stderr_sink_mt>(), level);
    } else {
      use(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file), level);
    }
  } catch (const spdlog::spdlog_ex& error) {
    return fail(ErrorCode::kInvalidArgument,
                "cannot open the log file " + file + ": " + error.what());
  }
  return {};
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
