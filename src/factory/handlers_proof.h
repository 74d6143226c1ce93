// The stations of a proof, used by `nightjar prove` and as the last act of `nightjar run`. Pure.
#pragma once

#include "factory/handlers.h"
#include "proof/verdict.h"

namespace nightjar::factory {

NextAction handle_environment(const workflow::Node& node, const RunView& view);
NextAction handle_inspect(const workflow::Node& node, const RunView& view);
NextAction handle_baseline(const workflow::Node& node, const RunView& view);
NextAction handle_suites(const workflow::Node& node, const RunView& view);
NextAction handle_verdict(const workflow::Node& node, const RunView& view);
NextAction handle_evidence(const workflow::Node& node, const RunView& view);
NextAction handle_note(const workflow::Node& node, const RunView& view);

/// Everything that the stations before found out, as the verdict sees it.
/// corrupt: a fact of the run cannot be read.
Result<proof::Facts> proof_facts(const RunView& view);

}  // namespace nightjar::factory
