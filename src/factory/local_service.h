// The factory in this process, as a class: api::Service over journal, gate and engine.
// service.cc has what runs share, service_proof.cc proofs, service_evidence.cc evidence and keys,
// service_holds.cc holds.
//
// Threads and errors: factory/service.h.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "factory/engine.h"
#include "factory/home.h"
#include "factory/intake.h"
#include "factory/performers.h"
#include "factory/service.h"
#include "repo/change_spec.h"
#include "sandbox/launcher.h"

namespace nightjar::factory {

/// A line for people that is no event.
void note(const api::Listener& listener, const std::string& text);
Result<std::string> builtin_graph(const std::string& name);
/// What every run is told at its start.
RunCreated created_from(const LoadedProject& project, const std::string& graph_name,
                        const std::string& graph_text, const sandbox::Walls& walls,
                        std::int64_t now_utc_ns);

class LocalService final : public api::Service {
 public:
  explicit LocalService(ServiceOptions options) : options_(std::move(options)) {}

  Result<api::InitReply> init(const std::string& folder) override;

  Result<api::RunReply> run(const api::RunRequest& request, const api::Listener& listener,
                            std::stop_token stop) override;

  Result<api::RunReply> resume(const std::string& run, const api::Listener& listener,
                               std::stop_token stop) override;

  Result<api::ProveReply> prove(const api::ProveRequest& request, const api::Listener& listener,
                                std::stop_token stop) override;
  Result<api::InitReply> init_detected(const std::string& folder) override;
  Result<std::vector<api::EvidenceLine>> evidence_log(std::size_t count_max) override;
  Result<api::EvidenceReply> evidence(const std::string& run) override;
  Result<api::VerifyReply> verify_evidence(const api::VerifyRequest& request,
                                           const api::Listener& listener,
                                           std::stop_token stop) override;
  Result<api::KeyReply> signing_key() override;
  Result<api::KeyReply> rotate_key() override;
  Result<api::HoldLine> hold(const api::HoldRequest& request) override;
  Result<> lift(const std::string& name) override;
  Result<std::vector<api::HoldLine>> holds() override;

  Result<api::RepairReply> repair(const api::RepairRequest& request, const api::Listener& listener,
                                  std::stop_token stop) override;

  Result<std::vector<api::ScenarioLine>> scenarios(const std::string& folder) override;

  Result<api::ScenarioRunReply> run_scenarios(const std::string& folder,
                                              const api::Listener& listener,
                                              std::stop_token stop) override;

  Result<api::HoldoutReply> add_holdouts(const api::HoldoutAddRequest& request) override;
  Result<api::HoldoutReply> list_holdouts(const std::string& folder) override;
  Result<api::HoldoutReply> seal_holdouts(const api::HoldoutSealRequest& request) override;

  Result<std::vector<api::RunLine>> runs(std::size_t count_max) override;
  Result<api::RunDetails> show(const std::string& run) override;
  Result<std::vector<api::Explanation>> why(const std::string& run) override;

  Result<std::vector<api::Check>> doctor() override;

  Result<api::RunReply> try_example(const api::TryRequest& request, const api::Listener& listener,
                                    std::stop_token stop) override;
  std::vector<api::ExampleLine> examples() override;

 private:
  struct Factory {
    std::unique_ptr<sandbox::Launcher> launcher;
    Home home;
  };

  IntakePaths paths() const;
  Result<std::vector<std::string>> own_keys() const;  // PEM; the signing key first

  Environments::Options environment_options() const;
  std::string holds_dir() const { return options_.settings.data_dir + "/holds"; }
  Result<LoadedProject> load(const std::string& folder);

  /// The helper first: it is forked before this process has a thread.
  Result<Factory> open_factory(const api::Listener& listener, const std::stop_token& stop);

  /// Waits for its turn, says so, and stops when asked to.
  Result<Home> own_home(const api::Listener& listener, const std::stop_token& stop);

  std::string scratch_dir() const { return options_.settings.data_dir + "/scratch"; }

  /// Starts the run (`created`), or goes on with the one on record, and works until it ends.
  Result<api::RunReply> drive(Factory& factory, const RunId& id, const api::Listener& listener,
                              std::stop_token stop, const std::optional<RunCreated>& created);

  static Result<api::RunReply> reply_from_journal(const Home& home, const RunId& id);

  static api::RepairReply repair_reply(const RunView& view, const api::RunReply& reply);
  static api::ScenarioRunReply scenario_reply(const RunView& view, const api::RunReply& reply);

  /// The run that proved the same while this process waited for its turn.
  Result<std::optional<api::ProveReply>> proven_meanwhile(const Factory& factory,
                                                          const std::string& key,
                                                          std::int64_t since_utc_ns) const;

  ServiceOptions options_;
  SystemClock clock_;
  bool waited_ = false;  // another process owned the data directory when this one began
};

}  // namespace nightjar::factory
