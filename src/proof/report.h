// A finished proof in the forms that other programs read. Pure; any thread.
//
// JSON: docs/formats/verdict.schema.json. JUnit: the XML that CI servers read (Jenkins' schema).
// SARIF 2.1.0 (OASIS). Markdown: GitHub-flavoured, for a job summary, readable on a phone.
#pragma once

#include <string>

#include "base/json.h"
#include "proof/verdict.h"

namespace nightjar::proof {

struct Proof {
  std::string run;     // RunId
  std::string change;  // as people wrote it: "my-branch", "working tree"
  std::string base_commit;
  std::string change_commit{};  // "" for a patch or a working tree
  Facts facts;
  Judgement judgement;
  std::vector<std::string> recipe_reasons{};
  std::vector<std::string> toolchains{};
  std::vector<std::string> walls{};
  std::vector<std::string> not_enforced{};
  std::int64_t wall_ms = 0;
};

Json verdict_json(const Proof& proof);
std::string junit_xml(const Proof& proof);
Json sarif_json(const Proof& proof);
std::string markdown(const Proof& proof);

}  // namespace nightjar::proof
