// The last line of a file of evidence: which payloads belong to the file, in which order. It holds
// nothing that does not follow from the other lines, so even when its own signature is broken it
// can be told whether its payload still is what was signed. For audit/bundle.h alone. Pure; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "audit/evidence.h"
#include "base/result.h"

namespace nightjar::audit {

struct IndexEntry {
  std::string type;    // predicate type, so that a missing line can be named
  std::string sha256;  // of the payload, hex
  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

struct Index {
  std::vector<IndexEntry> entries;
  std::string run;
};

Statement index_statement(const std::vector<IndexEntry>& entries, const std::string& run);
Result<Index> index_from(const Statement& statement);

}  // namespace nightjar::audit
