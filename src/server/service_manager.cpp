#include "server/service_manager.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "chat/base/log.h"

namespace chat::server {
namespace {

using std::chrono::milliseconds;

constexpr int kTicksPerSilence = 20;

}  // namespace

void ServiceManager::notify(const std::string& state) {
  if (const int result = ::sd_notify(0, state.c_str()); result < 0) {
    log::warn("event=notify_failed errno={}", -result);
  }
}

milliseconds ServiceManager::silence_allowed() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return milliseconds{0};
  return milliseconds{static_cast<milliseconds::rep>(microseconds / 1000)};
}

ServiceManager::ServiceManager(const base::Clock& clock, Send send, milliseconds silence)
    : clock_(clock), send_(std::move(send)), silence_(silence) {}

void ServiceManager::ready(std::vector<Part> parts) {
  for (Part& part : parts) questions_.push_back({std::move(part), false, nullptr});
  send_("READY=1");
  if (silence_ > milliseconds{0}) begin_round();
}

void ServiceManager::stopping() {
  send_("STOPPING=1");
}

milliseconds ServiceManager::tick_interval() const {
  if (silence_ <= milliseconds{0}) return milliseconds{0};
  return std::max(silence_ / kTicksPerSilence, milliseconds{1});
}

void ServiceManager::tick() {
  ask();
  const auto silent_for = clock_.now() - last_beat_;
  if (silent_for < silence_ / 2) return;
  const std::string silent = silent_parts();
  if (silent.empty()) {
    send_("WATCHDOG=1");
    begin_round();
  } else if (silent_for >= silence_ * 3 / 4 && !std::exchange(warned_, true)) {
    log::error("event=hangs parts={}", log::quoted(silent));
  }
}

void ServiceManager::begin_round() {
  last_beat_ = clock_.now();
  warned_ = false;
  for (Question& question : questions_) {
    question.asked = false;
    // New for each round: a task of the previous round proves nothing about this one.
    question.answered = std::make_shared<std::atomic<bool>>(false);
  }
  ask();
}

void ServiceManager::ask() {
  for (Question& question : questions_) {
    if (question.asked || !question.answered) continue;
    question.asked = question.part.post([answered = question.answered] { *answered = true; });
  }
}

std::string ServiceManager::silent_parts() const {
  std::string names;
  for (const Question& question : questions_) {
    if (*question.answered) continue;
    names += (names.empty() ? "" : " ") + question.part.name;
  }
  return names;
}

}  // namespace chat::server
