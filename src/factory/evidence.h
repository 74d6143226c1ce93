// What a finished proof says, as evidence that can be signed: every suite on every tree, the
// verdict, and what the verdict rests on (docs/evidence.md).
//
// Threads: one at a time. Errors: those of repo and blobs; corrupt (results that cannot be read).
#pragma once

#include <cstdint>
#include <string>

#include "audit/bundle.h"
#include "base/hash.h"
#include "factory/run_view.h"
#include "store/journal.h"

namespace nightjar::factory {

struct EvidenceInput {
  const RunView& view;  // at the station that signs, or later
  const store::Blobs& blobs;
  Digest journal_head;  // of the run's chain, before the signing was decided
  std::int64_t at_utc_ns = 0;
  std::string version;  // of this program
};
Result<audit::Evidence> evidence_of(const EvidenceInput& input);

}  // namespace nightjar::factory
