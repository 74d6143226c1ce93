// Sessions that measure lines while they run tests: a trace function is seen by the tests, and
// makes them slower. Whatever fails while it is there is run again without; and where half of the
// time is over before the measuring is, all of it.
#pragma once

#include "harness/sessions.h"

namespace nightjar::harness {

/// As run_sessions(). `run_session` is given the request to follow, for the second time without
/// files to measure.
using RunMeasuredSession =
    std::function<Result<SessionOutcome>(sandbox::Sandbox& sandbox, const SuiteRequest& request,
                                         const SessionPart& part, std::stop_token stop)>;
Result<SuiteRun> run_measured(const Workshop& workshop, const SuiteRequest& request,
                              const RunMeasuredSession& run_session, std::stop_token stop);

}  // namespace nightjar::harness
