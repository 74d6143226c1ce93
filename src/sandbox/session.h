// One sandbox as the launcher sees it: the socket of its first process, and its limits' watch.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "sandbox/cgroup.h"
#include "sandbox/frames.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox {

/// A sandbox that stands but has no workspace yet.
struct Blank {
  UniqueFd control;
};

/// Waits for a frame of this type; a `failed` frame becomes its error. timeout after ten seconds.
Result<Frame> expect_frame(int socket, FrameType type);

class HelperSandbox final : public Sandbox {
 public:
  /// Takes over a blank sandbox. `views` are the detached mounts that `body` speaks of.
  static Result<std::unique_ptr<Sandbox>> open(Blank blank, Groups& groups, const Spec& spec,
                                               const PrepareBody& body,
                                               const std::vector<UniqueFd>& views);
  HelperSandbox(const HelperSandbox&) = delete;
  HelperSandbox& operator=(const HelperSandbox&) = delete;
  ~HelperSandbox() override;

  Result<Outcome> run(const Command& command, std::stop_token stop) override;
  Result<> begin_layer() override;
  Result<> end_layer() override;
  int workspace_fd() const override { return workspace_.get(); }

 private:
  HelperSandbox(UniqueFd control, Groups& groups, Group group, Limits limits)
      : control_(std::move(control)), groups_(groups), group_(std::move(group)), limits_(limits) {}
  Result<> change_layer(FrameType type);
  Result<> take_workspace();

  UniqueFd control_;
  UniqueFd process_;  // pidfd of the first process
  UniqueFd workspace_;
  Groups& groups_;  // Outlives the sandbox.
  Group group_;
  Limits limits_;
  bool broken_ = false;  // It failed in a way that leaves its state unknown.
};

}  // namespace nightjar::sandbox
