// Moves what the -wal file holds into the journal while commits go on.
//
// A thread of its own, started when there is first something to do and joined by the destructor.
// request() and is_done() belong to the writer's thread. Failures (a full disk, a reader in the
// way) leave all in the -wal file; a later try may work.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "base/bounded_queue.h"

namespace nightjar::store {

class Checkpointer {
 public:
  explicit Checkpointer(std::string path) : path_(std::move(path)) {}
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();

  /// Begins to move what is there now, unless it is at it already.
  void request();
  /// No request is being worked on.
  bool is_done() const { return !is_busy_.load(); }

 private:
  void work();

  struct Request {};
  const std::string path_;
  std::atomic<bool> is_busy_ = false;
  BoundedQueue<Request> requests_{1};
  std::optional<std::jthread> thread_;
};

}  // namespace nightjar::store
