// What evidence says, as types with their JSON: SLSA Verification Summary v1
// (https://slsa.dev/verification_summary/v1) and in-toto test-result v0.1
// (https://in-toto.io/attestation/test-result/v0.1). What those have no field for stands under one
// member whose name is a URI, as their rules for extensions want it: kExtension.
// Bytes: docs/formats/evidence.md. Pure; any thread. Errors: invalid_input, naming the member.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "audit/evidence.h"
#include "base/json.h"
#include "base/result.h"

namespace nightjar::audit {

inline constexpr const char* kSummaryType = "https://slsa.dev/verification_summary/v1";
inline constexpr const char* kTestResultType = "https://in-toto.io/attestation/test-result/v0.1";
inline constexpr const char* kExtension = "urn:nightjar:evidence:1";
inline constexpr const char* kVerifierId = "urn:nightjar:verifier";
inline constexpr const char* kPolicyUri = "urn:nightjar:policy:proof:1";

/// The sealed scenarios: committed to before the run, shown later if ever.
struct HoldoutCommitment {
  std::string root;  // commit_to(contents, salt), hex
  std::string salt;  // hex; "" until it is opened
  std::int64_t count = 0;
};

/// What `evidence verify --recheck` needs to run the proof again.
struct RecheckInputs {
  std::string root_commit;  // names the repository wherever it was cloned to
  std::string project;      // path of the project in it, "" for the top
  std::string base_commit;
  std::string change_commit;                   // "" for a patch or a working tree
  std::map<std::string, std::string> changes;  // path → "sha256:HEX", "" when it is deleted
  Json recipe = Json::object();                // harness::to_json(Recipe)
};

struct Summary {
  // Of the predicate's own specification.
  std::string time_verified;                       // RFC 3339, UTC
  std::string resource_uri;                        // audit::resource_uri(recheck)
  std::map<std::string, std::string> policy = {};  // digests of what the verdict rests on
  /// Payloads of the test results, sha256 hex, in the file's order. sign_evidence fills it in.
  std::vector<std::string> input_attestations = {};
  // Ours.
  /// Trees that tests ran on but the verdict is not about: the base, and what was made of the two.
  std::vector<Subject> compared_with = {};
  std::string tool_version;  // this program's
  std::string run;           // RunId
  std::string change;        // for people
  std::string verdict;       // "PROVEN", "NOT_PROVEN", "UNDECIDED"; PROVEN alone is PASSED
  std::vector<std::string> reasons = {};
  std::vector<std::string> walls = {};
  std::vector<std::string> not_enforced = {};
  std::vector<std::string> toolchains = {};
  std::string journal_head;        // of the run's chain, "blake3:HEX"
  std::string environment_digest;  // harness::Environment::digest
  HoldoutCommitment holdouts = {};
  Json scenarios = Json::object();  // counts, proof::to_json(ScenarioEvidence)
  RecheckInputs recheck = {};
};
Json verification_summary(const Summary& summary);
Result<Summary> summary_from(const Json& predicate);

/// One suite on one tree.
struct TestResult {
  std::string tree;   // the name of the subject that was tested: "base", "change", …
  std::string suite;  // the suite's id
  std::string runner;
  std::string run;  // RunId, the same as the summary's
  bool complete = true;
  std::string problem = {};                        // why not
  std::map<std::string, std::string> recipe = {};  // digests of how it was run
  std::vector<std::string> passed = {};
  std::vector<std::string> warned = {};  // flaky: judged by nothing
  std::vector<std::string> failed = {};
  std::vector<std::string> skipped = {};
};
/// FAILED if a test failed or the suite did not end; WARNED if one was flaky; else PASSED.
Json test_result(const TestResult& result);
Result<TestResult> test_result_from(const Json& predicate);

/// The same for every clone of a repository.
std::string resource_uri(const RecheckInputs& inputs);

}  // namespace nightjar::audit
