// Small transactions and folders for the tests of journals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "store/journal.h"

namespace nightjar::store::testing {

/// A folder that goes away with this object; in memory (/dev/shm) where the machine has that.
class ScratchDir {
 public:
  ScratchDir();
  /// In the file system of temporary files, which is usually a disk.
  static ScratchDir on_disk();
  ScratchDir(ScratchDir&& other) noexcept;
  ScratchDir& operator=(ScratchDir&&) = delete;
  ~ScratchDir();

  const std::string& path() const { return path_; }
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  explicit ScratchDir(const std::string& parent);
  std::string path_;
};

RunId run_number(unsigned number);
WorkId work_number(unsigned number);

event::Draft sample_draft(std::string_view text);
/// `count` events that follow event `expected_run_seq`.
Append sample_append(const RunId& run, std::uint64_t expected_run_seq, std::size_t count);
Transaction sample_transaction(const RunId& run, std::uint64_t expected_run_seq, std::size_t count);
Posting sample_posting(const RunId& run, std::int64_t amount);
WorkItem sample_work_item(unsigned number);

/// All events of a run; CHECKs nothing, returns what read_run says.
Result<std::vector<event::Envelope>> read_all(const Journal& journal, const RunId& run,
                                              std::uint64_t from_run_seq = 1);

/// The whole file, and the whole file again. CHECK that it works.
std::string file_bytes(const std::string& path);
void write_bytes(const std::string& path, std::string_view bytes);

}  // namespace nightjar::store::testing
