// A power cut: what the disk was not told to keep is gone. Every commit that returned must survive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstring>
#include <map>
#include <memory>

#include "base/file.h"
#include "base/guarded.h"
#include "store/sqlite/sqlite_journal.h"
#include "store/testing/samples.h"

namespace nightjar::store {
namespace {

using store::testing::file_bytes;
using store::testing::read_all;
using store::testing::run_number;
using store::testing::sample_transaction;
using store::testing::ScratchDir;
using store::testing::write_bytes;
using ::testing::IsEmpty;

/// The content of each file when it was last synced, by path.
using Durable = std::map<std::string, std::string>;

struct Disk {
  Guarded<Durable> durable;
  Guarded<int> syncs{0};
};
Disk* disk = nullptr;  // Of the running test; SQLite's hooks carry no context of ours.

/// A file of SQLite's usual kind that tells the disk of its syncs.
struct WatchedFile {
  sqlite3_file base;
  sqlite3_file* real;
  char path[512];
};

WatchedFile* watched(sqlite3_file* file) { return reinterpret_cast<WatchedFile*>(file); }

template <auto Method>
struct Forward;
template <typename... Arguments, int (*sqlite3_io_methods::*Method)(sqlite3_file*, Arguments...)>
struct Forward<Method> {
  static int call(sqlite3_file* file, Arguments... arguments) {
    sqlite3_file* real = watched(file)->real;
    return (real->pMethods->*Method)(real, arguments...);
  }
};

int sync_watched(sqlite3_file* file, int flags) {
  const int code = Forward<&sqlite3_io_methods::xSync>::call(file, flags);
  if (code == SQLITE_OK) {
    const std::string path = watched(file)->path;
    const std::string content = file_bytes(path);
    disk->durable.with([&](Durable& durable) { durable[path] = content; });
    disk->syncs.with([](int& count) { ++count; });
  }
  return code;
}

void shm_barrier(sqlite3_file* file) {
  sqlite3_file* real = watched(file)->real;
  real->pMethods->xShmBarrier(real);
}

const sqlite3_io_methods kWatchedMethods = {
    .iVersion = 2,
    .xClose = Forward<&sqlite3_io_methods::xClose>::call,
    .xRead = Forward<&sqlite3_io_methods::xRead>::call,
    .xWrite = Forward<&sqlite3_io_methods::xWrite>::call,
    .xTruncate = Forward<&sqlite3_io_methods::xTruncate>::call,
    .xSync = sync_watched,
    .xFileSize = Forward<&sqlite3_io_methods::xFileSize>::call,
    .xLock = Forward<&sqlite3_io_methods::xLock>::call,
    .xUnlock = Forward<&sqlite3_io_methods::xUnlock>::call,
    .xCheckReservedLock = Forward<&sqlite3_io_methods::xCheckReservedLock>::call,
    .xFileControl = Forward<&sqlite3_io_methods::xFileControl>::call,
    .xSectorSize = Forward<&sqlite3_io_methods::xSectorSize>::call,
    .xDeviceCharacteristics = Forward<&sqlite3_io_methods::xDeviceCharacteristics>::call,
    .xShmMap = Forward<&sqlite3_io_methods::xShmMap>::call,
    .xShmLock = Forward<&sqlite3_io_methods::xShmLock>::call,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = Forward<&sqlite3_io_methods::xShmUnmap>::call,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_watched(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* file, int flags,
                 int* out_flags) {
  auto* real_vfs = static_cast<sqlite3_vfs*>(vfs->pAppData);
  WatchedFile* out = watched(file);
  out->base.pMethods = nullptr;
  out->real = reinterpret_cast<sqlite3_file*>(out + 1);
  const std::string_view name = path == nullptr ? "" : path;
  CHECK(name.size() < sizeof(out->path));
  std::memset(out->path, 0, sizeof(out->path));
  std::memcpy(out->path, name.data(), name.size());
  const int code = real_vfs->xOpen(real_vfs, path, out->real, flags, out_flags);
  if (code == SQLITE_OK) out->base.pMethods = &kWatchedMethods;
  return code;
}

/// SQLite syncs the folder where a lost deletion would matter.
int delete_watched(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  auto* real_vfs = static_cast<sqlite3_vfs*>(vfs->pAppData);
  const int code = real_vfs->xDelete(real_vfs, path, sync_folder);
  if (code == SQLITE_OK && sync_folder != 0) {
    disk->durable.with([&](Durable& durable) { durable.erase(path); });
  }
  return code;
}

/// Makes SQLite use watched files while it lives.
class WatchedDisk {
 public:
  WatchedDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = "watched";
    vfs_.szOsFile = static_cast<int>(sizeof(WatchedFile)) + real_->szOsFile;
    vfs_.pAppData = real_;
    vfs_.pNext = nullptr;
    vfs_.xOpen = open_watched;
    vfs_.xDelete = delete_watched;
    disk = &disk_;
    CHECK(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
  }
  WatchedDisk(const WatchedDisk&) = delete;
  WatchedDisk& operator=(const WatchedDisk&) = delete;
  ~WatchedDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    disk = nullptr;
  }

  int sync_count() {
    return disk_.syncs.with([](const int& count) { return count; });
  }
  /// What the disk holds of `folder` when the power goes now, as files in `after`.
  void copy_durable_files(const ScratchDir& folder, const ScratchDir& after) {
    const Durable durable = disk_.durable.with([](const Durable& all) { return all; });
    for (const auto& [path, content] : durable) {
      if (!path.starts_with(folder.path())) continue;
      write_bytes(after.file(path.substr(path.rfind('/') + 1)), content);
    }
  }

 private:
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  Disk disk_;
};

TEST(PowerCut, LosesNoCommitThatReturned) {
  for (const std::size_t wal_bytes : {std::size_t{0}, std::size_t{1} << 18}) {
    WatchedDisk watched_disk;
    const ScratchDir folder;
    const auto journal = *open_sqlite_journal(folder.file("journal.db"), OpenMode::read_write,
                                              {.wal_bytes = wal_bytes});
    const std::string heads_at_first = file_bytes(folder.file("journal.heads"));
    for (std::uint64_t head = 0; head < 30; head += 3) {
      ASSERT_TRUE(journal->commit(sample_transaction(run_number(1), head, 3)));

      const ScratchDir after;
      watched_disk.copy_durable_files(folder, after);
      write_bytes(after.file("journal.heads"), heads_at_first);
      const auto survived =
          open_sqlite_journal(after.file("journal.db"), OpenMode::read_write, {.wal_bytes = 0});
      ASSERT_TRUE(survived) << survived.error().message;
      const auto events = read_all(**survived, run_number(1));
      ASSERT_TRUE(events) << events.error().message;
      EXPECT_EQ(events->size(), head + 3);
      EXPECT_THAT(*(*survived)->verify(), IsEmpty());
    }
  }
}

// Goal: one commit costs one wait for the disk. Method: count SQLite's syncs.
TEST(PowerCut, IsSurvivedForOneSyncACommit) {
  WatchedDisk watched_disk;
  const ScratchDir folder;
  const auto journal =
      *open_sqlite_journal(folder.file("journal.db"), OpenMode::read_write, {.wal_bytes = 0});
  ASSERT_TRUE(journal->commit(sample_transaction(run_number(1), 0, 1)));
  const int before = watched_disk.sync_count();

  for (std::uint64_t head = 1; head < 11; ++head) {
    ASSERT_TRUE(journal->commit(sample_transaction(run_number(1), head, 1)));
  }
  EXPECT_FALSE(journal->commit(sample_transaction(run_number(1), 0, 1)));

  EXPECT_EQ(watched_disk.sync_count() - before, 10) << "and none for a conflict";
}

}  // namespace
}  // namespace nightjar::store
