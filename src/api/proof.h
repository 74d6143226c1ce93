// Requests and replies about proofs, evidence and keys (docs/proof.md, docs/evidence.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/run_state.h"
#include "base/json.h"

namespace nightjar::api {

struct ProveRequest {
  std::string folder;
  std::string
      change{};        // repo/change_spec.h says what it may be; "" is the working tree, else HEAD
  std::string base{};  // a revision; "": the merge base with the default branch
  std::string patch_text{};  // a patch that the caller read itself
  enum class Claim { anything, same_behaviour } claim = Claim::anything;
  bool note = false;  // also write the verdict into the commit's git note
};
struct ProveReply {
  std::string run;
  RunState state = RunState::failed;
  std::string verdict;  // PROVEN NOT_PROVEN UNDECIDED; CANNOT when the run did not get that far
  std::string why;
  bool machine_failed = false;
  Json proof{};         // docs/formats/verdict.schema.json; null without a verdict
  std::string junit{};  // the same as XML, SARIF and Markdown
  std::string sarif{};
  std::string markdown{};
  std::string evidence{};  // signed envelopes, one a line; "" when none were signed
  std::string key_id{};
};

struct EvidenceLine {
  std::string run;
  std::string project;
  std::string change;
  std::string base_commit;
  std::string change_commit;
  std::string branch;
  std::string verdict;
  std::string at;  // RFC 3339
};
Json to_json(const EvidenceLine& line);

struct EvidenceReply {
  std::string text;  // the file: one signed envelope a line
  Json content;      // what it says, verified
};

struct VerifyRequest {
  std::string evidence;                       // the file's text
  std::vector<std::string> public_keys_pem;   // empty: this factory's own keys
  std::optional<std::string> recheck_folder;  // prove again in this repository, compare
};
struct VerifyReply {
  bool verified = false;
  std::string verdict{};  // what the evidence says
  std::string change{};
  std::string key_id{};
  std::vector<std::string> refused{};  // what was done to the file, each with its name
  std::vector<std::string> facts{};    // for people, one a line
  bool rechecked = false;
  std::vector<std::string> differences{};  // between the evidence and the recheck
  std::vector<std::string> notes{};        // other toolchains, flaky tests
};
Json to_json(const VerifyReply& reply);

struct KeyReply {
  std::string key_id;
  std::string public_pem;
  std::vector<std::string> retired;  // key ids
};

}  // namespace nightjar::api
