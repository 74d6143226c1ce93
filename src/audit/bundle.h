// A file of evidence: one signed envelope a line, which belong together.
//
//   sign_evidence(evidence, key)          → the file's text
//   check_evidence(text, public keys)     → the same evidence, or what was done to the file
//   compare_evidence(recorded, again)     → for --recheck: do two proofs of one change agree
//
// The lines: a test result for each suite and tree, the verification summary, and last the index,
// which names the digest of every payload before it in order. All are signed by themselves, so that
// any DSSE verifier can check each; the index shows what single signatures cannot: a line that is
// missing, doubled, moved or from another file, and whether a broken line lost its payload or its
// signature. A verifier needs the file and the public key. Bytes: docs/formats/evidence.md.
// Pure; any thread. Errors: exhausted (larger than the limits below), invalid_input (a key that is
// none, evidence that contradicts itself), not_found (no key).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/evidence.h"
#include "audit/predicates.h"
#include "base/result.h"

namespace nightjar::audit {

inline constexpr std::size_t kEvidenceBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kEvidenceLinesMax = 1024;
inline constexpr const char* kIndexType = "urn:nightjar:evidence-index:1";

/// What was done to a file. Each has its name in messages, JSON and docs/formats/evidence.md.
enum class Tampering {
  not_an_envelope,       // cut off, not JSON, not base64
  payload_altered,       //
  signature_altered,     // the payload is what was signed
  altered,               // one of the two; nothing that is left in the file can tell which
  payload_type_altered,  //
  untrusted_key,         // signed by another key than those given
  envelope_missing,      // the index or the summary names it
  envelope_foreign,      // well signed, and of another run
  envelope_duplicated,   //
  envelopes_reordered,   //
  subjects_differ,       // a result about something else than the summary
  unknown_predicate,     // well signed, and nothing that this program knows
  unknown_version,       // of the statement or of what it says
};
std::string_view name_of(Tampering kind);  // "payload-altered", …

struct Evidence {
  /// What the verdict is about: the tree of the change. The base is in summary.compared_with, lest
  /// anybody take it for proven.
  std::vector<Subject> subjects;
  Summary summary;
  std::vector<TestResult> results;  // each is about a tree of one or the other
};
/// The subjects and the trees they were compared with.
std::vector<Subject> all_subjects(const Evidence& evidence);
Json to_json(const Evidence& evidence);

/// The text of the file. Fills in summary.input_attestations; invalid_input if a result's tree
/// names no subject or its run is not the summary's.
Result<std::string> sign_evidence(const Evidence& evidence, const SigningKey& key);

struct Finding {
  Tampering kind = Tampering::altered;
  int line = 0;     // from 1; 0: of the whole file
  std::string why;  // one sentence
};

struct Checked {
  std::optional<Evidence> evidence;  // when nothing was found
  std::string key_id;                // of the key that signed the index
  std::vector<Finding> findings;     // in the order of the lines
};
Result<Checked> check_evidence(std::string_view text,
                               const std::vector<std::string>& public_keys_pem);

/// check_evidence for those who only want to go on: a finding is an error, "line 2: NAME: why".
Result<Evidence> verify_evidence(std::string_view text,
                                 const std::vector<std::string>& public_keys_pem);

struct Comparison {
  std::vector<std::string> differences;  // one sentence each; empty: they agree
  std::vector<std::string> notes;        // other toolchains, tests that were flaky either time
  int tests_compared = 0;
};
/// Two proofs of one change, test by test. Times, runs, keys and machines may differ; subjects, the
/// verdict and every test that was not flaky may not.
Comparison compare_evidence(const Evidence& recorded, const Evidence& again);

}  // namespace nightjar::audit
