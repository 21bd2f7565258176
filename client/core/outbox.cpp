#include "client/core/outbox.h"

#include <algorithm>
#include <utility>

namespace chat::client {

void Outbox::open() {
  base::MutexLock lock(mutex_);
  open_ = true;
}

void Outbox::start() {
  base::MutexLock lock(mutex_);
  started_ = open_;
  changed_.notify_all();
}

void Outbox::pause() {
  base::MutexLock lock(mutex_);
  started_ = false;
  changed_.notify_all();
}

void Outbox::stop() {
  base::MutexLock lock(mutex_);
  started_ = false;
  for (auto& [target, stream] : streams_) {
    stream.on_its_way = false;
    stream.not_before = {};
    stream.tries = 0;
  }
  changed_.notify_all();
}

void Outbox::close() {
  stop();
  base::MutexLock lock(mutex_);
  open_ = false;
  changed_.notify_all();
}

bool Outbox::wait_room(base::SteadyTime deadline) {
  base::MutexLock lock(mutex_);
  while (size_ >= kMax) {
    if (!started_ || !changed_.wait_until(mutex_, deadline)) return false;
  }
  return true;
}

bool Outbox::add(Unanswered chat, base::SteadyTime deadline) {
  base::MutexLock lock(mutex_);
  while (size_ >= kMax) {
    if (!started_ || !changed_.wait_until(mutex_, deadline)) return false;
  }
  ++size_;
  Stream& stream = streams_[chat.target];
  stream.chats.push_back({++last_number_, std::move(chat)});
  changed_.notify_all();
  return true;
}

std::size_t Outbox::clear() {
  base::MutexLock lock(mutex_);
  streams_.clear();
  told_ = false;
  changed_.notify_all();
  return std::exchange(size_, 0);
}

std::optional<Unanswered> Outbox::next() {
  base::MutexLock lock(mutex_);
  while (open_) {
    if (Stream* const stream = due_locked(base::system_clock().now())) {
      stream->on_its_way = true;
      return stream->chats.front().chat;
    }
    if (const auto due = next_due_locked()) {
      changed_.wait_until(mutex_, *due);
    } else {
      changed_.wait(mutex_);
    }
  }
  return std::nullopt;
}

void Outbox::finish(const Target& target, std::string_view cid) {
  base::MutexLock lock(mutex_);
  Stream* const stream = of_locked(target, cid);
  if (stream == nullptr) return;
  stream->on_its_way = false;
  stream->tries = 0;
  stream->chats.pop_front();
  if (stream->chats.empty()) streams_.erase(target);
  if (--size_ == 0) told_ = false;
  changed_.notify_all();
}

Outbox::Held Outbox::hold(const Target& target, std::string_view cid,
                          std::chrono::milliseconds retry_after) {
  base::MutexLock lock(mutex_);
  Stream* const stream = of_locked(target, cid);
  if (stream == nullptr) return Held::kUnknown;
  stream->on_its_way = false;
  const auto wait = retry_delay(retry_after, stream->tries++, random_);
  stream->not_before = base::system_clock().now() + wait;
  changed_.notify_all();
  return std::exchange(told_, true) ? Held::kAgain : Held::kFirst;
}

bool Outbox::wait_settled(base::SteadyTime deadline) {
  base::MutexLock lock(mutex_);
  while (started_ && !settled_locked(base::system_clock().now())) {
    if (!changed_.wait_until(mutex_, deadline)) return false;
  }
  return true;
}

bool Outbox::wait_empty(std::chrono::milliseconds patience) {
  base::MutexLock lock(mutex_);
  std::size_t left = size_;
  auto progress = base::system_clock().now();
  while (started_ && size_ > 0) {
    if (size_ < left) progress = base::system_clock().now();
    left = size_;
    const auto deadline = progress + (holds_locked() ? kHeldPatience : 1) * patience;
    if (!changed_.wait_until(mutex_, deadline) && size_ >= left) return size_ == 0;
  }
  return true;
}

std::size_t Outbox::size() const {
  base::MutexLock lock(mutex_);
  return size_;
}

Outbox::Stream* Outbox::due_locked(base::SteadyTime now) {
  Stream* first = nullptr;
  if (!started_) return first;
  for (auto& [target, stream] : streams_) {
    if (stream.on_its_way || stream.not_before > now) continue;
    const bool older = !first || stream.chats.front().number < first->chats.front().number;
    if (older) first = &stream;
  }
  return first;
}

// When the first held stream may continue.
std::optional<base::SteadyTime> Outbox::next_due_locked() const {
  std::optional<base::SteadyTime> due;
  for (const auto& [target, stream] : streams_) {
    if (!started_ || stream.on_its_way) continue;
    due = due ? std::min(*due, stream.not_before) : stream.not_before;
  }
  return due;
}

// The stream whose in-flight chat has this cid.
Outbox::Stream* Outbox::of_locked(const Target& target, std::string_view cid) {
  const auto found = streams_.find(target);
  if (found == streams_.end() || !found->second.on_its_way) return nullptr;
  return found->second.chats.front().chat.cid == cid ? &found->second : nullptr;
}

// True if a chat was answered but not stored.
bool Outbox::holds_locked() const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [](const auto& each) { return each.second.tries > 0; });
}

bool Outbox::settled_locked(base::SteadyTime now) const {
  return std::all_of(streams_.begin(), streams_.end(), [now](const auto& each) {
    return !each.second.on_its_way && each.second.not_before > now;
  });
}

}  // namespace chat::client
