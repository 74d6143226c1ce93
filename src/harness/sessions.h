// Running a suite whose runner streams events, in one or more sessions, until each test is decided.
//
// The suite's files are spread over `parallel` sessions, each in a sandbox of its own; every one
// lists everything, so that the listings can be compared. Where a session ends early, the tests
// that had not started are run again: many of them in a session, few of them (and what is left
// after four rounds) in one process each.
// Threads: any; uses some of its own. Errors: as run_suite().
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/commands.h"
#include "harness/session.h"
#include "harness/suite.h"

namespace nightjar::harness {

/// Of one session: what it has to run.
struct SessionPart {
  std::optional<std::vector<std::string>> only{};  // ids as the runner gave them; nullopt: all
  int shard = 0;
  int shards = 1;
  CommandLimits limits;
};

struct SessionOutcome {
  SessionJudgement judgement;
  std::vector<std::string> listing{};  // every id that the session listed, selected or not
  std::vector<std::string> missing{};  // modules for want of which files could not be loaded
};

/// Called from several threads at once, each with its own sandbox.
using RunSession = std::function<Result<SessionOutcome>(
    sandbox::Sandbox& sandbox, const SessionPart& part, std::stop_token stop)>;

Result<SuiteRun> run_sessions(const Workshop& workshop, const SuiteRequest& request,
                              const RunSession& run_session, std::stop_token stop);

}  // namespace nightjar::harness
