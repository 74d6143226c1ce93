#include "store/sqlite/anchors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace nightjar::store {
namespace {

constexpr std::string_view kHeader = "nightjar heads 1";
constexpr std::size_t kBodyBytes = 16 + 8 + 32 + 8 + 32;
constexpr std::size_t kRecordBytes = kBodyBytes + 8;  // and the first bytes of the body's digest
constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;
constexpr std::uint64_t kSpareRecordsMax = 4096;

void put(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xFFU));
  }
}

std::uint64_t number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i) value = value << 8U | static_cast<std::uint8_t>(bytes[i - 1]);
  return value;
}

std::string encode(const Anchor& anchor) {
  std::string out(reinterpret_cast<const char*>(anchor.run.value.bytes.data()), 16);
  put(out, anchor.run_seq);
  out += anchor.hash.view();
  put(out, anchor.posting_count);
  out += anchor.posting_hash.view();
  out += blake3(out).view().substr(0, 8);
  return out;
}

std::optional<Anchor> decode(std::string_view record) {
  Anchor anchor;
  std::copy_n(record.begin(), 16, anchor.run.value.bytes.begin());
  anchor.run_seq = number(record.substr(16));
  anchor.hash = *digest_from_bytes(record.substr(24, 32));
  anchor.posting_count = number(record.substr(56));
  anchor.posting_hash = *digest_from_bytes(record.substr(64, 32));
  if (encode(anchor) != record) return std::nullopt;
  return anchor;
}

Result<> write_at(int fd, std::string_view bytes, std::uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write " + path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return ok;
}

/// The newer of two heads of one run; a run only grows.
bool is_newer(const Anchor& anchor, const Anchor& than) {
  return anchor.run_seq > than.run_seq ||
         (anchor.run_seq == than.run_seq && anchor.posting_count >= than.posting_count);
}

}  // namespace

Result<Anchors> Anchors::open(const std::string& path, OpenMode mode) {
  Anchors anchors;
  anchors.path_ = path;
  anchors.existed_ = path_exists(path);
  if (anchors.existed_) TRY(anchors.load(mode));
  if (mode == OpenMode::read_only) return anchors;
  if (!anchors.existed_) anchors.behind_ = true;
  if (anchors.is_due_for_rewrite()) {
    TRY(anchors.rewrite());
  } else {
    TRY(anchors.open_for_append());
  }
  return anchors;
}

Result<> Anchors::load(OpenMode mode) {
  TRY_INTO(const std::string content, read_file(path_, kFileBytesMax));
  behind_ =
      content.size() < kHeader.size() || (content.size() - kHeader.size()) % kRecordBytes != 0;
  if (content.empty()) return ok;  // How a person says: take the journal as it is.
  const std::string_view text = content;
  if (text.substr(0, kHeader.size()) != kHeader.substr(0, text.size())) {
    if (text.starts_with("nightjar heads ")) {
      return {ErrorCode::unavailable,
              path_ + " has a newer format: use the newer Nightjar that wrote it"};
    }
    damaged_ = true;
    if (mode == OpenMode::read_write) {
      return {ErrorCode::corrupt, path_ +
                                      " does not hold the heads of a journal: its first bytes "
                                      "were altered; restore it, or empty it to take the "
                                      "journal as it is"};
    }
  }
  bool gap = false;
  for (std::size_t at = kHeader.size(); at + kRecordBytes <= text.size(); at += kRecordBytes) {
    const std::optional<Anchor> anchor = decode(text.substr(at, kRecordBytes));
    ++record_count_;
    if (!anchor) {
      gap = true;
      behind_ = true;
      continue;
    }
    if (gap) damaged_ = true;  // Good records follow a bad one: no crash does that.
    const auto [found, is_new] = anchors_.emplace(anchor->run, *anchor);
    if (!is_new && is_newer(*anchor, found->second)) found->second = *anchor;
  }
  return ok;
}

std::optional<Anchor> Anchors::find(const RunId& run) const {
  const auto found = anchors_.find(run);
  if (found == anchors_.end()) return std::nullopt;
  return found->second;
}

Result<> Anchors::append(const std::vector<Anchor>& anchors) {
  std::string records;
  for (const Anchor& anchor : anchors) {
    anchors_[anchor.run] = anchor;
    records += encode(anchor);
  }
  if (is_due_for_rewrite()) return rewrite();
  const std::uint64_t end = kHeader.size() + record_count_ * kRecordBytes;
  if (Result<> written = write_at(fd_.get(), records, end, path_); !written) {
    behind_ = true;
    return written;
  }
  record_count_ += anchors.size();
  return ok;
}

Result<> Anchors::sync() {
  if (behind_) TRY(rewrite());
  if (::fdatasync(fd_.get()) != 0) return errno_error("sync " + path_, errno);
  return ok;
}

bool Anchors::is_due_for_rewrite() const {
  return behind_ || record_count_ > 4 * anchors_.size() + kSpareRecordsMax;
}

Result<> Anchors::open_for_append() {
  fd_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd_) return errno_error("open " + path_, errno);
  return ok;
}

Result<> Anchors::rewrite() {
  std::string content(kHeader);
  for (const auto& [run, anchor] : anchors_) content += encode(anchor);
  behind_ = true;  // Until this has worked.
  TRY(write_file_atomically(path_, content, 0600));
  TRY(open_for_append());
  record_count_ = anchors_.size();
  behind_ = false;
  return ok;
}

}  // namespace nightjar::store
