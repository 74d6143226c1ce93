// A queue between threads with a fixed room: push refuses when it is full, so that nothing grows
// without a bound. Any thread may push and pop. After close(), push refuses and pop drains what is
// left.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace nightjar {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t room) : room_(room) {}
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  /// False when full or closed; the value is then unchanged.
  bool push(T& value) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= room_) return false;
      items_.push_back(std::move(value));
    }
    ready_.notify_one();
    return true;
  }

  /// Waits at most `limit`. Nothing: the limit passed, or the queue is closed and empty.
  std::optional<T> pop(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, limit, [&] { return !items_.empty() || closed_; });
    if (items_.empty()) return std::nullopt;
    T value = std::move(items_.front());
    items_.pop_front();
    return value;
  }

  /// Everything that is there now, at most `count_max`, after waiting at most `limit` for the
  /// first.
  std::vector<T> pop_all(std::chrono::milliseconds limit, std::size_t count_max) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, limit, [&] { return !items_.empty() || closed_; });
    std::vector<T> out;
    while (!items_.empty() && out.size() < count_max) {
      out.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return out;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  const std::size_t room_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace nightjar
