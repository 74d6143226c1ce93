// One session of a runner with a reporter of ours inside: orders in on stdin, events out on the
// report channel, judged.
//
// Threads: any, one a sandbox. Errors: failures of the sandbox, cancelled.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/events.h"
#include "harness/sessions.h"

namespace nightjar::harness {

struct ReportedSession {
  std::vector<std::string> argv;
  std::map<std::string, std::string> env{};  // above the workshop's
  Orders orders{};                           // nonce and shard are filled in here
};

/// A program that is absent is something this machine lacks; so is what the reporter says it lacks.
Result<SessionOutcome> run_reported(sandbox::Sandbox& sandbox, const Workshop& workshop,
                                    const Suite& suite, const SessionPart& part,
                                    ReportedSession session, std::stop_token stop);

/// The orders that every reporter gets from a request.
Orders orders_of(const SuiteRequest& request);

}  // namespace nightjar::harness
