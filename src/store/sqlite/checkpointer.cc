#include "store/sqlite/checkpointer.h"

#include <sqlite3.h>

#include <chrono>

#include "store/sqlite/connection.h"

namespace nightjar::store {

Checkpointer::~Checkpointer() { requests_.close(); }

void Checkpointer::request() {
  if (is_busy_.exchange(true)) return;
  if (!thread_) thread_.emplace([this] { work(); });
  Request request;
  if (!requests_.push(request)) is_busy_ = false;
}

void Checkpointer::work() {
  // Not the writer's connection: it commits meanwhile.
  Result<Connection> connection = Connection::open(path_, Connection::Access::read_write);
  while (!requests_.closed()) {
    if (!requests_.pop(std::chrono::hours(1))) continue;
    if (connection) {
      sqlite3_wal_checkpoint_v2(connection->get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                nullptr);
    }
    is_busy_ = false;
  }
}

}  // namespace nightjar::store
