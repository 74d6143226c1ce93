// What people and programs can ask of a factory: typed requests, replies, errors.
//
// The command line links this and nothing below it; main.cc hands it the factory in this process.
// Whatever the command line can do, this can do. Replies know their JSON (docs/cli.md).
// Threads: one call at a time per Service; listeners are called on a thread of the service.
// Errors: invalid_input (the project's files or the request), not_found, unavailable (this machine
// cannot; the message says what to do), exhausted (budget), conflict, corrupt, cancelled, timeout.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/hold.h"
#include "api/proof.h"
#include "api/run_state.h"
#include "base/json.h"
#include "base/result.h"

namespace nightjar::api {

/// Each recorded event as it becomes durable ({"event": "node.started", "run": …, "payload": {…}}),
/// and lines of progress ({"event": "progress", "text": …}) that are not recorded.
using Listener = std::function<void(const Json&)>;

struct Satisfaction {
  int total = 0;
  int satisfied_before = 0;
  int satisfied_after = 0;
};
Json to_json(const Satisfaction& satisfaction);

struct RunRequest {
  std::string folder;
  std::string work_text;                // empty: "make the scenarios hold"
  std::optional<std::string> engineer;  // "reasoner" or "command"; absent: the project's choice
  std::optional<std::string> engineer_command;
};

struct RunReply {
  std::string run;
  RunState state = RunState::failed;
  std::string verdict;  // docs/cli.md#verdicts
  std::string branch;   // empty: none was written
  Satisfaction visible;
  Satisfaction validation;
  Satisfaction holdout;
  Json cost;                              // event::Cost as JSON
  std::string cause;                      // what was wrong, one sentence
  std::string diff;                       // unified
  std::vector<std::string> findings;      // what a reviewer must see first
  std::vector<std::string> walls;         // standing
  std::vector<std::string> not_enforced;  // totals this machine cannot enforce
  std::string why;
  std::string top;              // the repository
  std::string proof;            // the proof's verdict on the change; "" when there was none
  std::string evidence_key;     // id of the key that signed it
  bool machine_failed = false;  // this machine could not; `why` says what to do
};
Json to_json(const RunReply& reply);

struct RepairRequest {
  std::string folder;
  std::optional<std::int64_t> timeout_ms;
  enum class Write { nothing, working_tree } write = Write::nothing;
};
struct RepairReply {
  std::string run;
  std::string verdict;  // TESTED PARTIAL NOT_FOUND NOTHING_TO_DO CANNOT
  std::string diff;
  std::vector<std::string> files;
  Satisfaction scenarios;
  Satisfaction validation;
  std::int64_t candidates = 0;
  std::int64_t wall_ms = 0;
  std::string why;
  bool applied = false;
  RunState state = RunState::failed;
  bool machine_failed = false;
};
Json to_json(const RepairReply& reply);

struct InitReply {
  std::vector<std::string> created;
  std::vector<std::string> kept;  // existed, left as they were
};

struct ScenarioLine {
  std::string name;
  std::vector<std::string> requirements;
  std::string file;
  int line = 0;
  bool holdout = false;
};
struct ScenarioOutcome {
  std::string name;
  int trials = 0;
  int trials_satisfied = 0;
  bool flaky = false;
  std::string failure;
};
struct ScenarioRunReply {
  std::string run;
  RunState state = RunState::failed;
  bool built = false;
  std::vector<ScenarioOutcome> outcomes;
  int holdouts = 0;
  int holdouts_satisfied = 0;
  std::string why;
  bool machine_failed = false;
};

struct HoldoutReply {
  std::vector<std::string> sealed;         // names now sealed by this call
  std::vector<std::string> files_changed;  // files of the working tree that lost scenarios
  int total = 0;
  std::vector<std::string> requirements;  // that holdouts cover
};
struct HoldoutAddRequest {
  std::string folder;
  std::vector<std::string> files;
};
struct HoldoutSealRequest {
  std::string folder;
  int share_percent = 30;
};

struct RunLine {
  std::string run;
  std::string project;
  std::string work;
  RunState state = RunState::running;
  std::string branch;
  std::string started_at;
};
Json to_json(const RunLine& line);

struct RunDetails {
  RunReply reply;
  std::vector<Json> events;
};

/// One step of a run, explained: docs/cli.md#why.
struct Explanation {
  std::string at;  // RFC 3339
  std::string event;
  std::string what;                 // "engineer started (visit 1)"
  std::string rule;                 // the rule that chose it
  std::vector<std::string> others;  // what else was possible
  Json cost;                        // null when nothing was spent
};
Json to_json(const Explanation& explanation);

struct Check {
  std::string name;
  enum class State { good, weaker, bad } state = State::good;
  std::string found;
  std::string advice;  // what to do; empty when good
};
Json to_json(const Check& check);

struct TryRequest {
  std::string example;  // empty: the first
};
struct ExampleLine {
  std::string name;
  std::string summary;
};

class Service {
 public:
  virtual ~Service() = default;

  virtual Result<InitReply> init(const std::string& folder) = 0;
  virtual Result<RunReply> run(const RunRequest& request, const Listener& listener,
                               std::stop_token stop) = 0;
  virtual Result<RunReply> resume(const std::string& run, const Listener& listener,
                                  std::stop_token stop) = 0;
  /// Judges a change that exists: docs/proof.md.
  virtual Result<ProveReply> prove(const ProveRequest& request, const Listener& listener,
                                   std::stop_token stop) = 0;
  /// Writes nightjar.toml from what is found out about the project at HEAD.
  virtual Result<InitReply> init_detected(const std::string& folder) = 0;
  virtual Result<std::vector<EvidenceLine>> evidence_log(std::size_t count_max) = 0;
  /// The evidence file of a run.
  virtual Result<EvidenceReply> evidence(const std::string& run) = 0;
  virtual Result<VerifyReply> verify_evidence(const VerifyRequest& request,
                                              const Listener& listener, std::stop_token stop) = 0;
  virtual Result<KeyReply> signing_key() = 0;
  virtual Result<KeyReply> rotate_key() = 0;
  /// A person stops a run, a project or everything; also while another process works.
  virtual Result<HoldLine> hold(const HoldRequest& request) = 0;
  virtual Result<> lift(const std::string& name) = 0;
  virtual Result<std::vector<HoldLine>> holds() = 0;
  virtual Result<RepairReply> repair(const RepairRequest& request, const Listener& listener,
                                     std::stop_token stop) = 0;

  virtual Result<std::vector<ScenarioLine>> scenarios(const std::string& folder) = 0;
  virtual Result<ScenarioRunReply> run_scenarios(const std::string& folder,
                                                 const Listener& listener,
                                                 std::stop_token stop) = 0;
  virtual Result<HoldoutReply> add_holdouts(const HoldoutAddRequest& request) = 0;
  virtual Result<HoldoutReply> list_holdouts(const std::string& folder) = 0;
  virtual Result<HoldoutReply> seal_holdouts(const HoldoutSealRequest& request) = 0;

  virtual Result<std::vector<RunLine>> runs(std::size_t count_max) = 0;
  virtual Result<RunDetails> show(const std::string& run) = 0;
  virtual Result<std::vector<Explanation>> why(const std::string& run) = 0;
  virtual Result<std::vector<Check>> doctor() = 0;

  /// Copies a built-in example into a scratch git repository and runs the whole line on it.
  virtual Result<RunReply> try_example(const TryRequest& request, const Listener& listener,
                                       std::stop_token stop) = 0;
  virtual std::vector<ExampleLine> examples() = 0;
};

}  // namespace nightjar::api
