#include "audit/predicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/testing/sample.h"

namespace nightjar::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// https://slsa.dev/spec/v1.0/verification_summary: the members it requires, and their values.
TEST(VerificationSummary, HasWhatItsSpecificationRequires) {
  Summary summary = testing::sample_evidence().summary;
  summary.input_attestations = {std::string(64, 'a')};

  const Json json = verification_summary(summary);

  EXPECT_EQ(json.find("verifier")->string_or("id", ""), kVerifierId);
  EXPECT_EQ(json.string_or("timeVerified", ""), "2026-11-27T08:00:00.000Z");
  EXPECT_THAT(json.string_or("resourceUri", ""), HasSubstr("urn:"));
  EXPECT_EQ(json.find("policy")->string_or("uri", ""), kPolicyUri);
  EXPECT_EQ(
      json.find("inputAttestations")->as_array().front().find("digest")->string_or("sha256", ""),
      std::string(64, 'a'));
  EXPECT_EQ(json.string_or("verificationResult", ""), "PASSED");
  EXPECT_THAT(json.get_strings("verifiedLevels").value(), ElementsAre("NIGHTJAR_PROVEN"));
}

TEST(VerificationSummary, FailsForAnyOtherVerdict) {
  Summary summary = testing::sample_evidence().summary;
  for (const char* verdict : {"NOT_PROVEN", "UNDECIDED", "anything"}) {
    summary.verdict = verdict;
    const Json json = verification_summary(summary);
    EXPECT_EQ(json.string_or("verificationResult", ""), "FAILED");
    EXPECT_THAT(json.get_strings("verifiedLevels").value(), ElementsAre("FAILED"));
  }
}

TEST(VerificationSummary, ComesBackAsItWas) {
  Summary summary = testing::sample_evidence().summary;
  summary.holdouts.salt = "00ff";
  summary.input_attestations = {"ab", "cd"};

  const auto read = summary_from(verification_summary(summary));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(verification_summary(*read), verification_summary(summary));
  EXPECT_EQ(read->recheck.changes, summary.recheck.changes);
  EXPECT_EQ(read->not_enforced, summary.not_enforced);
  EXPECT_EQ(read->holdouts.salt, "00ff");
}

TEST(VerificationSummary, IsRefusedWithoutAnyOfItsMembers) {
  const Json whole = verification_summary(testing::sample_evidence().summary);
  for (const auto& [name, value] : whole.as_object()) {
    if (name == "verifiedLevels") continue;  // It follows from the result.
    Json part = Json::object();
    for (const auto& [key, member] : whole.as_object()) {
      if (key != name) part.set(key, member);
    }
    EXPECT_FALSE(summary_from(part)) << name;
  }
  for (const auto& [name, value] : whole.find(kExtension)->as_object()) {
    Json extension = *whole.find(kExtension);
    extension.set(name, Json());
    Json part = whole;
    part.set(kExtension, extension);
    EXPECT_FALSE(summary_from(part)) << name;
  }
}

TEST(VerificationSummary, IsRefusedWhenItsTwoVerdictsDiffer) {
  Json json = verification_summary(testing::sample_evidence().summary);
  json.set("verificationResult", "FAILED");

  EXPECT_THAT(summary_from(json).error().message, HasSubstr("do not agree"));
}

// https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
TEST(TestResult, HasWhatItsSpecificationRequires) {
  const Evidence evidence = testing::sample_evidence();

  const Json base = test_result(evidence.results[0]);
  const Json change = test_result(evidence.results[1]);
  const Json flaky = test_result(evidence.results[2]);

  EXPECT_EQ(base.string_or("result", ""), "FAILED");
  EXPECT_EQ(change.string_or("result", ""), "PASSED");
  EXPECT_EQ(flaky.string_or("result", ""), "WARNED");
  EXPECT_EQ(change.find("configuration")->as_array().size(), 1U);
  EXPECT_THAT(change.get_strings("passedTests").value(), ElementsAre("test_a", "test_b"));
  EXPECT_THAT(base.get_strings("failedTests").value(), ElementsAre("test_a"));
  EXPECT_THAT(flaky.get_strings("warnedTests").value(), ElementsAre("races"));
}

TEST(TestResult, FailsWhenTheSuiteDidNotEnd) {
  TestResult result = testing::sample_evidence().results[1];
  result.complete = false;

  EXPECT_EQ(test_result(result).string_or("result", ""), "FAILED");
}

TEST(TestResult, ComesBackAsItWas) {
  TestResult result = testing::sample_evidence().results[1];
  result.problem = "why";
  result.recipe = {{"sha256", "ab"}};

  const auto read = test_result_from(test_result(result));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(test_result(*read), test_result(result));
  EXPECT_EQ(read->recipe, result.recipe);
}

TEST(TestResult, IsRefusedWhenItsResultIsAnotherThanItsTests) {
  Json json = test_result(testing::sample_evidence().results[0]);
  json.set("result", "PASSED");

  EXPECT_THAT(test_result_from(json).error().message, HasSubstr("do not agree"));
}

TEST(ResourceUri, IsAUriWhateverTheProjectsPath) {
  RecheckInputs inputs = testing::sample_evidence().summary.recheck;
  inputs.root_commit = "ab";
  EXPECT_EQ(resource_uri(inputs), "urn:nightjar:project:ab");
  inputs.project = "a b/\xc3\xa4#";
  EXPECT_EQ(resource_uri(inputs), "urn:nightjar:project:ab:a%20b/%c3%a4%23");
}

}  // namespace
}  // namespace nightjar::audit
