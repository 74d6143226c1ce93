// The last steps before strangers' code runs: they take from the calling process all that it will
// not need, in an order that is part of the design. Run in a single-threaded child of a sandbox's
// first process; what they do cannot be undone by the program that follows.
//
// There are two halves because the first can be done before anybody knows what will run.
#pragma once

#include <linux/filter.h>

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sandbox/frames.h"
#include "sandbox/inside/landlock.h"

namespace nightjar::sandbox::inside {

/// The single files below /dev that a sandbox has.
const std::vector<std::string>& device_names();

class Lock {
 public:
  /// Session, capabilities, no_new_privs, seccomp, and the rules of Landlock that never change. An
  /// error names the wall that failed.
  static Result<Lock> begin(const std::vector<sock_filter>& filter);

  /// Limits and the rest of Landlock: all that depends on the command and the workspace. Then exec.
  Result<> finish(const StartBody& command) const;

 private:
  explicit Lock(FileRules rules) : rules_(std::move(rules)) {}

  FileRules rules_;
};

}  // namespace nightjar::sandbox::inside
