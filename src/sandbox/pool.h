// Stems and the sandboxes they make: how many there are, which are ready, who ends them.
// A stem is a process of the helper that makes one sandbox at a time; it belongs to the control
// group that the sandbox will be counted in. A blank is a sandbox that stands, or will in a moment,
// but has no workspace yet. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/guarded.h"
#include "base/result.h"
#include "sandbox/cgroup.h"

namespace nightjar::sandbox {

struct Stem {
  UniqueFd socket;
  Group group;
};

struct Blank {
  Stem stem;
  UniqueFd
      control;  // of the sandbox's first process; `opened` is still to come on the stem's socket
};

class Pool {
 public:
  /// Keeps `spares` blanks ready. `helper` is the socket of the helper process.
  Pool(UniqueFd helper, std::size_t spares);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  /// The helper must have ended: its groups are removed.
  ~Pool();

  Result<> fill();
  /// A spare, or a new one. exhausted: too many sandboxes at one time.
  Result<Blank> take();
  /// Takes back a stem whose sandbox was told to end, or never was (no `process`). The kernel's
  /// part of the end goes on beside us; nobody waits for it but the next user of the stem.
  void give_back(Stem stem, UniqueFd process);
  /// Closes all sockets, upon which the helper ends everything. No call but the destructor after
  /// it.
  void close();

  const std::vector<std::string>& what_is_missing() const { return groups_->what_is_missing(); }

 private:
  struct Ending {
    Stem stem;
    UniqueFd process;
  };
  struct State {
    UniqueFd helper;
    std::size_t stems = 0;
    std::vector<Stem> idle;
    std::vector<Ending> endings;
    std::vector<Blank> spares;
  };

  Result<Stem> grow(State& state);
  Result<Blank> plant(State& state);
  Result<> fill_locked(State& state);
  static void collect_ended(State& state);

  std::size_t spares_max_;
  std::unique_ptr<Groups> groups_;
  Guarded<State> state_;
};

}  // namespace nightjar::sandbox
