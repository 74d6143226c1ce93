// `nightjar prove` and the proof at the end of `nightjar run`: what a run is told at its start, and
// what is told of it at its end.
//
// Threads: one at a time. Errors: those of repo and of the journal; invalid_input (the change).
#pragma once

#include <string>

#include "api/service.h"
#include "factory/intake.h"
#include "factory/run_view.h"
#include "proof/report.h"
#include "repo/change_spec.h"
#include "store/journal.h"

namespace nightjar::factory {

/// What every run with a proof rests on: the recipe, the requirement ids, and a commitment to the
/// sealed scenarios, made before anything runs (docs/evidence.md).
Result<> add_proof_inputs(const LoadedProject& project, const HoldoutStore& holdouts,
                          RunCreated& created);

/// The same for a change that exists already. Its content goes to `blobs`.
Result<> add_change(const repo::ResolvedChange& change, const api::ProveRequest& request,
                    store::Blobs& blobs, RunCreated& created);

/// Names everything that a verdict depends on, by content.
Result<std::string> proof_key(const LoadedProject& project, const RunCreated& created,
                              std::string_view version);

/// The finished proof of a run. not_found: the run judged nothing.
Result<proof::Proof> proof_of_run(const RunView& view);
Result<api::ProveReply> prove_reply(const RunView& view, const store::Blobs& blobs);

/// The evidence of a run, as its file: one envelope a line. "" when none was signed.
Result<std::string> evidence_of_run(const RunView& view, const store::Blobs& blobs);

}  // namespace nightjar::factory
