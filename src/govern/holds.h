// Holds: a person's word that a run, a project or everything has to stop. One file each in the data
// directory, so that the word outlives every process and can be given while another one works.
//
// Fails closed: a file that cannot be read as a hold holds everything and names itself, and an
// error of find() has to be taken for a hold. A hold is placed when place() returned ok; after an
// error it may be in force all the same. Bytes on disk: docs/formats/holds.md. Threads and
// processes: any number; each call reads the folder anew. Errors: invalid_input (who and why are
// missing or too long), not_found (nothing to lift), exhausted (kHoldsMax), denied and unavailable
// (the disk).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace nightjar::govern {

inline constexpr std::size_t kHoldsMax = 1'000;
inline constexpr std::size_t kHoldReasonBytesMax = 2'000;
inline constexpr std::size_t kHoldWhoBytesMax = 200;

struct Everything {
  friend bool operator==(const Everything&, const Everything&) = default;
};
using HoldScope = std::variant<Everything, ProjectId, RunId>;

struct Hold {
  std::string name;  // what lift() takes: an id, or the name of a damaged file
  HoldScope scope;
  std::string reason;
  std::string who;
  std::int64_t since_utc_ns = 0;
  std::string damage;  // why the file cannot be read; "" for a sound hold
};

/// "everything is held by ada since 2026-11-27T10:00:00.000Z: reason (hold NAME)"
std::string describe(const Hold& hold);

class Holds {
 public:
  /// `folder` is made by the first place(); while it is missing nothing is held.
  explicit Holds(std::string folder) : folder_(std::move(folder)) {}

  struct Request {
    HoldScope scope;
    std::string reason;
    std::string who;
    std::int64_t at_utc_ns = 0;
  };
  /// Durable when it returns. Several holds of one scope are several: each has to be lifted.
  Result<Hold> place(const Request& request) const;
  /// Durable when it returns.
  Result<> lift(const std::string& name) const;
  /// Damaged ones first, then the oldest first.
  Result<std::vector<Hold>> list() const;
  /// The first of list() that stops this run; nothing: it may go on.
  Result<std::optional<Hold>> find(const RunId& run, const ProjectId& project) const;

 private:
  std::string folder_;
};

}  // namespace nightjar::govern
