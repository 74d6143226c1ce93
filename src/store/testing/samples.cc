#include "store/testing/samples.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/check.h"
#include "base/file.h"

namespace nightjar::store::testing {
namespace {

template <typename Tag>
Id<Tag> numbered(unsigned number) {
  Id<Tag> id;
  id.value.bytes[0] = 0x01;
  id.value.bytes[6] = 0x70;
  id.value.bytes[8] = 0x80;
  id.value.bytes[14] = static_cast<std::uint8_t>(number >> 8U);
  id.value.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

std::string temporary_parent() {
  const char* parent = std::getenv("TMPDIR");
  return parent == nullptr ? "/tmp" : parent;
}

}  // namespace

ScratchDir::ScratchDir()
    : ScratchDir(::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : temporary_parent()) {}

ScratchDir::ScratchDir(const std::string& parent) : path_(parent + "/nightjar-store-XXXXXX") {
  CHECK(::mkdtemp(path_.data()) != nullptr);
}

ScratchDir ScratchDir::on_disk() { return ScratchDir(temporary_parent()); }

ScratchDir::ScratchDir(ScratchDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

ScratchDir::~ScratchDir() {
  if (!path_.empty()) CHECK(remove_tree(path_));
}

RunId run_number(unsigned number) { return numbered<RunTag>(number); }
WorkId work_number(unsigned number) { return numbered<WorkTag>(number); }

event::Draft sample_draft(std::string_view text) {
  return {.type = "step.done",
          .version = 1,
          .at_utc_ns = 1'700'000'000'000'000'000,
          .principal = "factory",
          .cause = 0,
          .payload = Json::object({{"text", text}})};
}

Append sample_append(const RunId& run, std::uint64_t expected_run_seq, std::size_t count) {
  Append append{.run = run, .expected_run_seq = expected_run_seq, .drafts = {}};
  for (std::size_t i = 0; i < count; ++i) {
    append.drafts.push_back(sample_draft("event " + std::to_string(expected_run_seq + i + 1)));
  }
  return append;
}

Transaction sample_transaction(const RunId& run, std::uint64_t expected_run_seq,
                               std::size_t count) {
  Transaction transaction;
  transaction.appends.push_back(sample_append(run, expected_run_seq, count));
  return transaction;
}

Posting sample_posting(const RunId& run, std::int64_t amount) {
  return {.run = run,
          .debit = "budget",
          .credit = "reserved",
          .unit = "cpu_ms",
          .amount = amount,
          .memo = "3"};
}

WorkItem sample_work_item(unsigned number) {
  return {.id = work_number(number),
          .project = {},
          .text = "make it work",
          .source = "cli",
          .state = "open",
          .created_at_utc_ns = 1'700'000'000'000'000'000};
}

Result<std::vector<event::Envelope>> read_all(const Journal& journal, const RunId& run,
                                              std::uint64_t from_run_seq) {
  std::vector<event::Envelope> events;
  TRY(journal.read_run(run, from_run_seq, [&](const event::Envelope& event) -> Result<> {
    events.push_back(event);
    return ok;
  }));
  return events;
}

std::string file_bytes(const std::string& path) {
  constexpr std::size_t kBytesMax = std::size_t{64} << 20;
  return *read_file(path, kBytesMax);
}

void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  CHECK(file.good());
}

}  // namespace nightjar::store::testing
