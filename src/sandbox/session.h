// One sandbox as the launcher sees it: the socket of its first process, and its limits' watch.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "sandbox/frames.h"
#include "sandbox/pool.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox {

class HelperSandbox final : public Sandbox {
 public:
  /// Turns a blank into a sandbox with this workspace. The stem goes back to `pool` in any case.
  static Result<std::unique_ptr<Sandbox>> open(Blank blank, Pool& pool, const Spec& spec);
  HelperSandbox(const HelperSandbox&) = delete;
  HelperSandbox& operator=(const HelperSandbox&) = delete;
  /// Tells the sandbox to end; the pool sees to it that it has.
  ~HelperSandbox() override;

  Result<Outcome> run(const Command& command, std::stop_token stop) override;
  Result<> begin_layer() override;
  Result<> end_layer() override;
  int workspace_fd() const override;

 private:
  HelperSandbox(Blank blank, Pool& pool, const Spec& spec);
  Result<> prepare(const Spec& spec);
  Result<UniqueFd> view_of(const ViewBody& body);
  StartBody start_body(const Command& command) const;
  Result<> change_layer(FrameType type);
  Result<> take_workspace() const;

  UniqueFd control_;
  UniqueFd process_;  // pidfd of the first process
  // The workspace is on its way while the caller goes on: whoever needs it first waits.
  mutable UniqueFd workspace_;
  mutable bool workspace_pending_ = false;
  mutable Result<> workspace_result_ = ok;
  int level_ = 0;
  Pool& pool_;  // Outlives the sandbox.
  Stem stem_;
  Limits limits_;
  std::map<std::string, std::string> env_;
  std::vector<std::string> mounts_;
  std::uint64_t oom_kills_seen_ = 0;
  bool broken_ = false;  // It failed in a way that leaves its state unknown.
};

}  // namespace nightjar::sandbox
