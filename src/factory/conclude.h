// How a run ended, and what it has to tell: pure functions over the view.
#pragma once

#include "api/service.h"
#include "factory/run_view.h"
#include "workflow/step.h"

namespace nightjar::factory {

RunFinished conclude(const RunView& view, const workflow::FinishRun& end);
/// The gate refused an effect: a breaker is open or the budget does not cover it.
RunFinished conclude_refused(const RunView& view);

/// The reply as far as the run has come. `diff` is filled by the service, which reads the blob.
api::RunReply reply_of(const RunView& view);

}  // namespace nightjar::factory
