#include "audit/predicates.h"

#include <utility>

#include "base/bytes.h"

namespace nightjar::audit {
namespace {

constexpr const char* kSuiteUri = "urn:nightjar:suite:1";

Json digests_json(const std::map<std::string, std::string>& digests) {
  Json json = Json::object();
  for (const auto& [algorithm, value] : digests) json.set(algorithm, value);
  return json;
}

Result<std::map<std::string, std::string>> string_map(const Json& json, std::string_view key) {
  std::map<std::string, std::string> out;
  const Json* found = json.find(key);
  if (found == nullptr || !found->is_object()) {
    return {ErrorCode::invalid_input, "\"" + std::string(key) + "\" must be an object"};
  }
  for (const auto& [name, value] : found->as_object()) {
    if (!value.is_string()) {
      return {ErrorCode::invalid_input, "\"" + std::string(key) + "\" must hold strings"};
    }
    out[name] = value.as_string();
  }
  return out;
}

Result<std::map<std::string, std::string>> optional_digests(const Json& json) {
  if (json.find("digest") == nullptr) return std::map<std::string, std::string>{};
  return string_map(json, "digest");
}

Result<Json> object_in(const Json& json, std::string_view key) {
  const Json* found = json.find(key);
  if (found != nullptr && found->is_object()) return *found;
  return {ErrorCode::invalid_input, "\"" + std::string(key) + "\" must be an object"};
}

/// A list that its specification lets out when it is empty.
Result<std::vector<std::string>> optional_strings(const Json& json, std::string_view key) {
  if (json.find(key) == nullptr) return std::vector<std::string>{};
  return json.get_strings(key);
}

Json subjects_json(const std::vector<Subject>& subjects) {
  Json json = Json::array();
  for (const Subject& subject : subjects) json.push(to_json(subject));
  return json;
}

Result<std::vector<Subject>> subjects_from(const Json& json, std::string_view key) {
  std::vector<Subject> subjects;
  const Json* found = json.find(key);
  if (found == nullptr || !found->is_array()) {
    return {ErrorCode::invalid_input, "\"" + std::string(key) + "\" must be an array"};
  }
  for (const Json& item : found->as_array()) {
    TRY_INTO(Subject subject, subject_from(item));
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

Json recheck_json(const RecheckInputs& inputs) {
  return Json::object({{"rootCommit", inputs.root_commit},
                       {"project", inputs.project},
                       {"baseCommit", inputs.base_commit},
                       {"changeCommit", inputs.change_commit},
                       {"changes", digests_json(inputs.changes)},
                       {"recipe", inputs.recipe}});
}

Result<RecheckInputs> recheck_from(const Json& extension) {
  TRY_INTO(const Json json, object_in(extension, "recheck"));
  RecheckInputs inputs;
  TRY_INTO(inputs.root_commit, json.get_string("rootCommit"));
  TRY_INTO(inputs.project, json.get_string("project"));
  TRY_INTO(inputs.base_commit, json.get_string("baseCommit"));
  TRY_INTO(inputs.change_commit, json.get_string("changeCommit"));
  TRY_INTO(inputs.changes, string_map(json, "changes"));
  TRY_INTO(inputs.recipe, object_in(json, "recipe"));
  return inputs;
}

Json holdouts_json(const HoldoutCommitment& holdouts) {
  return Json::object(
      {{"root", holdouts.root}, {"salt", holdouts.salt}, {"count", holdouts.count}});
}

Result<HoldoutCommitment> holdouts_from(const Json& extension) {
  TRY_INTO(const Json json, object_in(extension, "holdouts"));
  HoldoutCommitment holdouts;
  TRY_INTO(holdouts.root, json.get_string("root"));
  TRY_INTO(holdouts.salt, json.get_string("salt"));
  TRY_INTO(holdouts.count, json.get_int("count"));
  return holdouts;
}

Json summary_extension(const Summary& summary) {
  return Json::object({{"tool", summary.tool_version},
                       {"run", summary.run},
                       {"change", summary.change},
                       {"comparedWith", subjects_json(summary.compared_with)},
                       {"verdict", summary.verdict},
                       {"reasons", Json::strings(summary.reasons)},
                       {"walls", Json::strings(summary.walls)},
                       {"notEnforced", Json::strings(summary.not_enforced)},
                       {"toolchains", Json::strings(summary.toolchains)},
                       {"journalHead", summary.journal_head},
                       {"environment", summary.environment_digest},
                       {"holdouts", holdouts_json(summary.holdouts)},
                       {"scenarios", summary.scenarios},
                       {"recheck", recheck_json(summary.recheck)}});
}

Result<> read_summary_extension(const Json& predicate, Summary& summary) {
  TRY_INTO(const Json json, object_in(predicate, kExtension));
  TRY_INTO(summary.tool_version, json.get_string("tool"));
  TRY_INTO(summary.run, json.get_string("run"));
  TRY_INTO(summary.change, json.get_string("change"));
  TRY_INTO(summary.compared_with, subjects_from(json, "comparedWith"));
  TRY_INTO(summary.verdict, json.get_string("verdict"));
  TRY_INTO(summary.reasons, json.get_strings("reasons"));
  TRY_INTO(summary.walls, json.get_strings("walls"));
  TRY_INTO(summary.not_enforced, json.get_strings("notEnforced"));
  TRY_INTO(summary.toolchains, json.get_strings("toolchains"));
  TRY_INTO(summary.journal_head, json.get_string("journalHead"));
  TRY_INTO(summary.environment_digest, json.get_string("environment"));
  TRY_INTO(summary.holdouts, holdouts_from(json));
  TRY_INTO(summary.scenarios, object_in(json, "scenarios"));
  TRY_INTO(summary.recheck, recheck_from(json));
  return ok;
}

bool passed(const Summary& summary) { return summary.verdict == "PROVEN"; }

std::string_view result_of(const TestResult& result) {
  if (!result.complete || !result.failed.empty()) return "FAILED";
  return result.warned.empty() ? "PASSED" : "WARNED";
}

}  // namespace

Json verification_summary(const Summary& summary) {
  Json inputs = Json::array();
  for (const std::string& digest : summary.input_attestations) {
    inputs.push(Json::object({{"digest", Json::object({{"sha256", digest}})}}));
  }
  Json policy = Json::object({{"uri", kPolicyUri}});
  if (!summary.policy.empty()) policy.set("digest", digests_json(summary.policy));
  // SLSA's own levels are about builds and sources; a value of ours must not begin with SLSA_.
  const char* level = passed(summary) ? "NIGHTJAR_PROVEN" : "FAILED";
  return Json::object({{"verifier", Json::object({{"id", kVerifierId}})},
                       {"timeVerified", summary.time_verified},
                       {"resourceUri", summary.resource_uri},
                       {"policy", std::move(policy)},
                       {"inputAttestations", std::move(inputs)},
                       {"verificationResult", passed(summary) ? "PASSED" : "FAILED"},
                       {"verifiedLevels", Json::strings({level})},
                       {kExtension, summary_extension(summary)}});
}

Result<Summary> summary_from(const Json& predicate) {
  Summary summary;
  TRY_INTO(const Json verifier, object_in(predicate, "verifier"));
  TRY_INTO(const std::string verifier_id, verifier.get_string("id"));
  if (verifier_id != kVerifierId) return {ErrorCode::invalid_input, "another verifier's summary"};
  TRY_INTO(summary.time_verified, predicate.get_string("timeVerified"));
  TRY_INTO(summary.resource_uri, predicate.get_string("resourceUri"));
  TRY_INTO(const Json policy, object_in(predicate, "policy"));
  TRY_INTO(const std::string policy_uri, policy.get_string("uri"));
  if (policy_uri != kPolicyUri) return {ErrorCode::invalid_input, "judged by an unknown policy"};
  TRY_INTO(summary.policy, optional_digests(policy));
  const Json* inputs = predicate.find("inputAttestations");
  if (inputs == nullptr || !inputs->is_array()) {
    return {ErrorCode::invalid_input, "\"inputAttestations\" must be an array"};
  }
  for (const Json& input : inputs->as_array()) {
    TRY_INTO(const Json digest, object_in(input, "digest"));
    TRY_INTO(std::string sha256, digest.get_string("sha256"));
    summary.input_attestations.push_back(std::move(sha256));
  }
  TRY(read_summary_extension(predicate, summary));
  // Two places for one fact: they must agree, or a reader of one is told something else.
  if (predicate.string_or("verificationResult", "") != (passed(summary) ? "PASSED" : "FAILED")) {
    return {ErrorCode::invalid_input, "\"verificationResult\" and the verdict do not agree"};
  }
  return summary;
}

Json test_result(const TestResult& result) {
  Json configuration = Json::object({{"name", result.suite}, {"uri", kSuiteUri}});
  if (!result.recipe.empty()) configuration.set("digest", digests_json(result.recipe));
  Json configurations = Json::array();
  configurations.push(std::move(configuration));
  return Json::object(
      {{"result", result_of(result)},
       {"configuration", std::move(configurations)},
       {"passedTests", Json::strings(result.passed)},
       {"warnedTests", Json::strings(result.warned)},
       {"failedTests", Json::strings(result.failed)},
       {kExtension, Json::object({{"run", result.run},
                                  {"tree", result.tree},
                                  {"suite", result.suite},
                                  {"runner", result.runner},
                                  {"complete", result.complete},
                                  {"problem", result.problem},
                                  {"skippedTests", Json::strings(result.skipped)}})}});
}

Result<TestResult> test_result_from(const Json& predicate) {
  TestResult result;
  TRY_INTO(const Json json, object_in(predicate, kExtension));
  TRY_INTO(result.run, json.get_string("run"));
  TRY_INTO(result.tree, json.get_string("tree"));
  TRY_INTO(result.suite, json.get_string("suite"));
  TRY_INTO(result.runner, json.get_string("runner"));
  TRY_INTO(result.complete, json.get_bool("complete"));
  TRY_INTO(result.problem, json.get_string("problem"));
  TRY_INTO(result.skipped, json.get_strings("skippedTests"));
  TRY_INTO(result.passed, optional_strings(predicate, "passedTests"));
  TRY_INTO(result.warned, optional_strings(predicate, "warnedTests"));
  TRY_INTO(result.failed, optional_strings(predicate, "failedTests"));
  const Json* configuration = predicate.find("configuration");
  if (configuration == nullptr || !configuration->is_array() ||
      configuration->as_array().size() != 1) {
    return {ErrorCode::invalid_input, "\"configuration\" must be a list of one"};
  }
  TRY_INTO(result.recipe, optional_digests(configuration->as_array().front()));
  if (predicate.string_or("result", "") != result_of(result)) {
    return {ErrorCode::invalid_input, "\"result\" and the lists of tests do not agree"};
  }
  return result;
}

std::string resource_uri(const RecheckInputs& inputs) {
  std::string uri = "urn:nightjar:project:" + inputs.root_commit;
  if (!inputs.project.empty()) uri += ":";
  for (const char c : inputs.project) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      uri += c;
    } else {
      uri += "%" + to_hex({&c, 1});
    }
  }
  return uri;
}

}  // namespace nightjar::audit
