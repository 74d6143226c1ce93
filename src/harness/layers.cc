#include "harness/layers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kNoteBytesMax = std::size_t{4} << 20;
constexpr std::size_t kEntriesMax = 10'000;

UniqueFd open_folder(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

/// Whether the path still names the folder that was opened.
bool is_same(const UniqueFd& folder, const std::string& path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(folder.get(), &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> out;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(path, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (out.size() >= kEntriesMax) break;
    out.push_back(entry->path().filename().string());
  }
  return out;
}

std::int64_t used_at(const std::string& layer) {
  struct stat info{};
  if (::lstat((layer + "/used").c_str(), &info) != 0) return 0;
  return std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

void mark_used(const std::string& layer) {
  const UniqueFd file(
      ::open((layer + "/used").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (file) (void)::futimens(file.get(), nullptr);
}

/// Deletes the folder if nobody has locked it.
bool remove_unused(const std::string& path) {
  const UniqueFd folder = open_folder(path);
  if (!folder || ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0 || !is_same(folder, path)) {
    return false;
  }
  return remove_tree(path).has_value();
}

/// Names the time since the machine's start; "" when it has no name, which is nobody's.
std::string boot_id() {
  const Result<std::string> text = read_file("/proc/sys/kernel/random/boot_id", 100);
  return text ? std::string(trim(*text)) : std::string();
}

bool is_key(const std::string& name) { return name.size() == 64 && from_hex(name).has_value(); }

}  // namespace

Layers::Draft::~Draft() {
  if (!dir.empty() && lock) (void)remove_tree(dir);
}

Result<Layers> Layers::open(std::string dir, std::uint64_t bytes_max) {
  TRY(make_directories(dir, 0755).with_context("make the folder of layers"));
  return Layers(std::move(dir), bytes_max);
}

Result<std::optional<Layers::Entry>> Layers::find(const std::string& key) const {
  const std::string path = dir_ + "/" + key;
  UniqueFd folder = open_folder(path);
  if (!folder && errno == ENOENT) return std::optional<Entry>();
  if (!folder) return errno_error("open the layer " + path, errno);
  // A shared lock is refused only while the layer is being deleted.
  if (::flock(folder.get(), LOCK_SH | LOCK_NB) != 0 || !is_same(folder, path)) {
    return std::optional<Entry>();
  }
  const Result<std::string> text = read_file(path + "/info.json", kNoteBytesMax);
  Result<Json> info = text ? parse_json(*text) : Result<Json>(text.error());
  if (!info || !path_exists(path + "/tree")) return std::optional<Entry>();
  if (const Json* boot = info->find("boot"); boot != nullptr && *boot != Json(boot_id())) {
    return std::optional<Entry>();
  }
  mark_used(path);
  return std::optional<Entry>(Entry{.tree_dir = path + "/tree",
                                    .info = *std::move(info),
                                    .lease = std::make_shared<const UniqueFd>(std::move(folder))});
}

Result<Layers::Draft> Layers::begin() const {
  static std::atomic<std::uint64_t> count = 0;
  Draft draft;
  const std::string path =
      dir_ + "/new-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  TRY(remove_tree(path));
  TRY(make_directories(path, 0755));
  draft.lock = open_folder(path);
  if (!draft.lock || ::flock(draft.lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno_error("lock " + path, errno);
  }
  draft.dir = path;
  return draft;
}

Result<Layers::Entry> Layers::publish(const std::string& key, Draft draft, Json info,
                                      Keep keep) const {
  const std::string path = dir_ + "/" + key;
  if (keep == Keep::while_up) {
    info.set("boot", boot_id());
  } else if (::syncfs(draft.lock.get()) != 0) {
    return errno_error("write the layer to disk", errno);
  }
  TRY(write_file_atomically(draft.dir + "/info.json", info.dump(), 0644));
  mark_used(draft.dir);
  // The maker's lock becomes the first lease before anybody can find the layer.
  if (::flock(draft.lock.get(), LOCK_SH) != 0) return errno_error("lock " + draft.dir, errno);
  if (::rename(draft.dir.c_str(), path.c_str()) != 0) {
    if (errno != EEXIST && errno != ENOTEMPTY) return errno_error("keep the layer " + path, errno);
    TRY_INTO(std::optional<Entry> theirs, find(key));
    if (theirs) return *std::move(theirs);
    // What is there is no layer: an earlier crash, or one that is being deleted.
    (void)remove_unused(path);
    if (::rename(draft.dir.c_str(), path.c_str()) != 0) {
      return errno_error("keep the layer " + path, errno);
    }
  }
  Entry entry{.tree_dir = path + "/tree",
              .info = std::move(info),
              .lease = std::make_shared<const UniqueFd>(std::move(draft.lock))};
  draft.dir.clear();
  make_room(key);
  return entry;
}

void Layers::make_room(const std::string& but_not) const {
  struct Kept {
    std::string name;
    std::int64_t used = 0;
    std::int64_t bytes = 0;
  };
  std::vector<Kept> kept;
  std::uint64_t total = 0;
  for (const std::string& name : names_in(dir_)) {
    const std::string path = dir_ + "/" + name;
    if (name.starts_with("new-")) (void)remove_unused(path);  // of a maker that is gone
    if (!is_key(name)) continue;
    const Result<std::string> text = read_file(path + "/info.json", kNoteBytesMax);
    const Result<Json> info = text ? parse_json(*text) : Result<Json>(text.error());
    const std::int64_t bytes = info ? std::max<std::int64_t>(info->int_or("bytes", 0), 0) : 0;
    total += static_cast<std::uint64_t>(bytes);
    kept.push_back({.name = name, .used = used_at(path), .bytes = bytes});
  }
  std::ranges::sort(kept, {}, &Kept::used);
  for (const Kept& layer : kept) {
    if (total <= bytes_max_) return;
    if (layer.name == but_not || !remove_unused(dir_ + "/" + layer.name)) continue;
    total -= static_cast<std::uint64_t>(layer.bytes);
  }
}

Json Layers::read_note(const std::string& name) const {
  const Result<std::string> text = read_file(dir_ + "/" + name, kNoteBytesMax);
  return text ? parse_json(*text).value_or(Json()) : Json();
}

Result<> Layers::write_note(const std::string& name, const Json& note) const {
  return write_file_atomically(dir_ + "/" + name, note.dump(), 0644);
}

}  // namespace nightjar::harness
