// Layers that set-ups left, by digest of their inputs, in a folder of the host.
//
//   DIR/HEX/            one layer: tree/ with its files, info.json, used (its date: the last use)
//   DIR/new-PID-N/      one that is being made, locked by its maker
//   DIR/versions.json   what toolchains said of themselves
//
// Several processes may share the folder: a layer appears by one rename, is immutable, and is
// deleted only when nobody holds a lease on it (flock on its folder).
// Threads: any, each with its own object. Errors: of the host's disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"

namespace nightjar::harness {

class Layers {
 public:
  struct Entry {
    std::string tree_dir;
    Json info;
    std::shared_ptr<const UniqueFd> lease;
  };
  /// A folder of its own; deleted with this object unless it was published.
  struct Draft {
    Draft() = default;
    Draft(Draft&&) = default;
    Draft& operator=(Draft&&) = default;
    ~Draft();
    std::string dir{};
    UniqueFd lock{};
  };

  /// Makes `dir` when it is absent.
  static Result<Layers> open(std::string dir, std::uint64_t bytes_max);

  /// Marks it as used now. One that was made only for while the machine is up is none after a
  /// restart.
  Result<std::optional<Entry>> find(const std::string& key) const;
  Result<Draft> begin() const;
  /// What a layer is kept for. Its files reach the disk before it appears (over_restarts), or when
  /// the system likes: after a loss of power they may be empty, and it is not used any more.
  enum class Keep { over_restarts, while_up };
  /// `draft.dir` holds tree/. When somebody else was faster, theirs is returned. Then deletes the
  /// longest unused layers until all fit into bytes_max.
  Result<Entry> publish(const std::string& key, Draft draft, Json info, Keep keep) const;

  /// What is kept beside the layers; null when there is nothing, or no JSON.
  Json read_note(const std::string& name) const;
  Result<> write_note(const std::string& name, const Json& note) const;

  const std::string& dir() const { return dir_; }

 private:
  Layers(std::string dir, std::uint64_t bytes_max) : dir_(std::move(dir)), bytes_max_(bytes_max) {}
  void make_room(const std::string& but_not) const;

  std::string dir_;
  std::uint64_t bytes_max_;
};

}  // namespace nightjar::harness
