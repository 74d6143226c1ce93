// Whole files of evidence: what holds, and what each kind of tampering is called.
#include "audit/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "audit/base64.h"
#include "audit/testing/sample.h"
#include "base/bytes.h"
#include "base/file.h"

namespace nightjar::audit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Lines = std::vector<std::string>;

// In the sample: three test results, the summary, the index.
constexpr std::size_t kSummary = 3;
constexpr std::size_t kIndex = 4;

class EvidenceFile : public ::testing::Test {
 protected:
  Lines lines() const { return split_lines(text_); }

  static std::string joined(const Lines& lines) { return join(lines, "\n") + "\n"; }

  /// "line: NAME" for each finding.
  std::vector<std::string> findings(const std::string& text) const {
    const auto checked = check_evidence(text, {key_.public_pem()});
    if (!checked) return {checked.error().message};
    EXPECT_EQ(checked->findings.empty(), checked->evidence.has_value());
    std::vector<std::string> out;
    for (const Finding& finding : checked->findings) {
      EXPECT_FALSE(finding.why.empty());
      out.push_back(std::to_string(finding.line) + ": " + std::string(name_of(finding.kind)));
    }
    return out;
  }
  std::vector<std::string> findings(const Lines& lines) const { return findings(joined(lines)); }

  static void set(std::string& line, const char* key, Json value) {
    Json json = parse_json(line).value();
    json.set(key, std::move(value));
    line = json.dump();
  }
  static std::string payload_of(const std::string& line) {
    return from_base64(parse_json(line).value().get_string("payload").value()).value();
  }
  /// Replaces text in the payload; the signature stays.
  static void alter_payload(std::string& line, std::string_view from, std::string_view to) {
    std::string payload = payload_of(line);
    const std::size_t at = payload.find(from);
    ASSERT_NE(at, std::string::npos);
    set(line, "payload", to_base64(payload.replace(at, from.size(), to)));
  }
  static void alter_signature(std::string& line) {
    Json signature = parse_json(line).value().find("signatures")->as_array().front();
    std::string bytes = from_base64(signature.get_string("sig").value()).value();
    bytes[10] = static_cast<char>(bytes[10] ^ 1);
    signature.set("sig", to_base64(bytes));
    Json signatures = Json::array();
    signatures.push(signature);
    set(line, "signatures", signatures);
  }
  /// Signed by whoever has the key, as this statement.
  std::string signed_again(const std::string& line, const std::function<void(Statement&)>& change,
                           const SigningKey& key) const {
    Statement statement = statement_from(parse_json(payload_of(line)).value()).value();
    change(statement);
    return sign(statement, key).value();
  }

  SigningKey key_ = testing::new_key();
  std::string text_ = sign_evidence(testing::sample_evidence(), key_).value();
};

TEST_F(EvidenceFile, ComesBackAsItWas) {
  const auto checked = check_evidence(text_, {testing::new_key().public_pem(), key_.public_pem()});

  ASSERT_TRUE(checked) << checked.error().message;
  ASSERT_TRUE(checked->evidence.has_value());
  EXPECT_EQ(checked->key_id, key_.key_id());
  Evidence expected = testing::sample_evidence();
  expected.summary.input_attestations = checked->evidence->summary.input_attestations;
  EXPECT_EQ(expected.summary.input_attestations.size(), 3U);
  EXPECT_EQ(to_json(*checked->evidence), to_json(expected));
}

TEST_F(EvidenceFile, HoldsWhateverItsLineEnds) {
  EXPECT_THAT(findings(text_.substr(0, text_.size() - 1)), IsEmpty());
  EXPECT_THAT(findings(join(lines(), "\r\n") + "\r\n"), IsEmpty());
}

TEST_F(EvidenceFile, HoldsWithoutAnySuite) {
  Evidence evidence = testing::sample_evidence();
  evidence.results.clear();

  EXPECT_THAT(findings(sign_evidence(evidence, key_).value()), IsEmpty());
}

// Whoever trusts a summary takes its subjects for proven.
TEST_F(EvidenceFile, HasTheChangeAloneAsTheSubjectOfItsVerdict) {
  const auto summary = statement_from(parse_json(payload_of(lines()[kSummary])).value());

  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->subjects.size(), 1U);
  EXPECT_EQ(summary->subjects[0].name, "change");
}

// Every line, the summary and the index included.
TEST_F(EvidenceFile, TellsAnAlteredPayload) {
  for (std::size_t i = 0; i < lines().size(); ++i) {
    Lines altered = lines();
    alter_payload(altered[i], "0190-run", "0191-run");
    EXPECT_THAT(findings(altered), ElementsAre(std::to_string(i + 1) + ": payload-altered"));
  }
}

TEST_F(EvidenceFile, TellsAVerdictThatWasTurned) {
  Lines altered = lines();
  alter_payload(altered[kSummary], R"("verdict":"PROVEN")", R"("verdict":"proven")");

  EXPECT_THAT(findings(altered), ElementsAre("4: payload-altered"));
}

TEST_F(EvidenceFile, TellsAnAlteredSignature) {
  for (std::size_t i = 0; i < lines().size(); ++i) {
    Lines altered = lines();
    alter_signature(altered[i]);
    EXPECT_THAT(findings(altered), ElementsAre(std::to_string(i + 1) + ": signature-altered"));
  }
}

// Nothing that is signed is left to tell the payload from the signature.
TEST_F(EvidenceFile, SaysAlteredWhenTheIndexIsToo) {
  Lines altered = lines();
  alter_payload(altered[0], "test_a", "test_x");
  alter_signature(altered[kIndex]);

  EXPECT_THAT(findings(altered), ElementsAre("1: altered", "5: altered"));
}

TEST_F(EvidenceFile, TellsAnAlteredPayloadType) {
  for (std::size_t i = 0; i < lines().size(); ++i) {
    Lines altered = lines();
    set(altered[i], "payloadType", "application/json");
    EXPECT_THAT(findings(altered), ElementsAre(std::to_string(i + 1) + ": payload-type-altered"));
  }
}

TEST_F(EvidenceFile, TellsAKeyThatIsNotTrusted) {
  const SigningKey other = testing::new_key();
  Lines swapped = lines();
  swapped[1] = signed_again(swapped[1], [](Statement&) {}, other);

  EXPECT_THAT(findings(swapped), ElementsAre("2: untrusted-key"));
  EXPECT_THAT(findings(sign_evidence(testing::sample_evidence(), other).value()),
              ElementsAre("1: untrusted-key", "2: untrusted-key", "3: untrusted-key",
                          "4: untrusted-key", "5: untrusted-key"));
}

TEST_F(EvidenceFile, TellsAKeyThatClaimsToBeAnother) {
  const SigningKey other = testing::new_key();
  Lines swapped = lines();
  swapped[1] = signed_again(swapped[1], [](Statement& s) { s.predicate.set("url", "x"); }, other);
  Json signature = parse_json(swapped[1]).value().find("signatures")->as_array().front();
  signature.set("keyid", key_.key_id());
  Json signatures = Json::array();
  signatures.push(signature);
  set(swapped[1], "signatures", signatures);

  EXPECT_THAT(findings(swapped), ElementsAre("2: payload-altered"));
}

TEST_F(EvidenceFile, TellsWhereItWasCut) {
  const std::string whole = text_;
  for (std::size_t size = 0; size + 1 < whole.size(); size += 13) {
    const auto found = findings(whole.substr(0, size));
    ASSERT_FALSE(found.empty()) << size;
    EXPECT_THAT(found, Contains(::testing::AnyOf(HasSubstr("not-an-envelope"),
                                                 HasSubstr("envelope-missing"))));
  }
  const auto checked =
      check_evidence(whole.substr(0, whole.size() - 10), {key_.public_pem()}).value();
  ASSERT_EQ(checked.findings.size(), 1U);
  EXPECT_EQ(checked.findings[0].kind, Tampering::not_an_envelope);
  EXPECT_THAT(checked.findings[0].why, StartsWith("cut off: "));
}

TEST_F(EvidenceFile, TellsALineThatIsNoEnvelope) {
  for (const char* text : {"", "{", "[]", "{}", "null", R"({"payload":"","payloadType":"a"})",
                           R"({"payload":"?","payloadType":"a","signatures":[{"sig":""}]})"}) {
    Lines altered = lines();
    altered[1] = text;
    EXPECT_THAT(findings(altered), ElementsAre("2: not-an-envelope")) << text;
  }
}

TEST_F(EvidenceFile, TellsAMissingLine) {
  for (std::size_t i = 0; i < lines().size(); ++i) {
    Lines altered = lines();
    altered.erase(altered.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THAT(findings(altered), ElementsAre("0: envelope-missing")) << i;
  }
  Lines altered = lines();
  altered.erase(altered.begin() + 1);
  EXPECT_THAT(check_evidence(joined(altered), {key_.public_pem()}).value().findings[0].why,
              StartsWith("number 2 (https://in-toto.io/attestation/test-result/v0.1)"));
}

TEST_F(EvidenceFile, TellsALineOfAnotherFile) {
  const Lines other =
      split_lines(sign_evidence(testing::sample_evidence("another-run"), key_).value());
  Lines added = lines();
  added.insert(added.begin() + 1, other[1]);
  EXPECT_THAT(findings(added), ElementsAre("2: envelope-foreign"));

  Lines replaced = lines();
  replaced[1] = other[1];
  EXPECT_THAT(findings(replaced), ElementsAre("0: envelope-missing", "2: envelope-foreign"));

  Lines with_its_index = lines();
  with_its_index[kIndex] = other[kIndex];
  EXPECT_THAT(findings(with_its_index), Contains("1: envelope-foreign"));
}

TEST_F(EvidenceFile, TellsADoubledLine) {
  for (std::size_t i = 0; i < kIndex; ++i) {
    Lines doubled = lines();
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), doubled[i]);
    EXPECT_THAT(findings(doubled), ElementsAre(std::to_string(i + 2) + ": envelope-duplicated"));
  }
  Lines doubled = lines();
  doubled.push_back(doubled[kIndex]);
  EXPECT_THAT(findings(doubled), Contains("5: envelope-foreign"));
}

TEST_F(EvidenceFile, TellsLinesThatWereMoved) {
  Lines moved = lines();
  std::swap(moved[0], moved[1]);
  EXPECT_THAT(findings(moved), ElementsAre("2: envelopes-reordered"));

  Lines index_first = lines();
  std::rotate(index_first.begin(), index_first.begin() + kIndex, index_first.end());
  EXPECT_THAT(findings(index_first), ElementsAre("1: envelopes-reordered"));
}

// What only somebody who has the key can do, or a newer program.
TEST_F(EvidenceFile, TellsWhatItDoesNotKnow) {
  Lines altered = lines();
  altered[0] = signed_again(altered[0], [](Statement& s) { s.predicate_type = "urn:other"; }, key_);
  EXPECT_THAT(findings(altered), Contains("1: unknown-predicate"));

  altered = lines();
  altered[kSummary] = signed_again(
      altered[kSummary],
      [](Statement& s) { s.predicate_type = "https://slsa.dev/verification_summary/v2"; }, key_);
  EXPECT_THAT(findings(altered), Contains("4: unknown-predicate"));
}

/// A file that is well signed and indexed, of statements that do not fit together.
std::string indexed(const std::vector<Statement>& statements, const SigningKey& key) {
  Statement index{.subjects = {},
                  .predicate_type = kIndexType,
                  .predicate = Json::object({{"run", "0190-run"}})};
  std::string text;
  index.subjects.reserve(statements.size());
  for (const Statement& statement : statements) {
    index.subjects.push_back(
        {.name = std::to_string(index.subjects.size() + 1) + " " + statement.predicate_type,
         .digest = {{"sha256", sha256_hex(to_json(statement).dump())}}});
    text += sign(statement, key).value() + "\n";
  }
  return text + sign(index, key).value() + "\n";
}

class ContradictoryFile : public EvidenceFile {
 protected:
  std::vector<Statement> statements() const {
    std::vector<Statement> out;
    out.reserve(kIndex);
    for (std::size_t i = 0; i < kIndex; ++i) {
      out.push_back(statement_from(parse_json(payload_of(lines()[i])).value()).value());
    }
    return out;
  }
};

TEST_F(ContradictoryFile, IsMadeLikeAGoodOne) {
  EXPECT_THAT(findings(indexed(statements(), key_)), IsEmpty());
}

TEST_F(ContradictoryFile, TellsAResultAboutSomethingElse) {
  auto changed = statements();
  changed[0].subjects[0].digest["gitTree"] = std::string(40, '9');

  EXPECT_THAT(findings(indexed(changed, key_)), Contains("1: subjects-differ"));
}

TEST_F(ContradictoryFile, TellsAResultOfAnotherRun) {
  auto changed = statements();
  Json extension = *changed[0].predicate.find(kExtension);
  extension.set("run", "0191-run");
  changed[0].predicate.set(kExtension, extension);

  EXPECT_THAT(findings(indexed(changed, key_)), Contains("1: envelope-foreign"));
}

TEST_F(ContradictoryFile, TellsThatTheSummaryRestsOnMore) {
  auto changed = statements();
  changed.erase(changed.begin());

  EXPECT_THAT(findings(indexed(changed, key_)), ElementsAre("0: envelope-missing"));
}

TEST_F(ContradictoryFile, TellsThatThereIsNoSummaryOrMoreThanOne) {
  auto changed = statements();
  changed.pop_back();
  EXPECT_THAT(findings(indexed(changed, key_)), ElementsAre("0: envelope-missing"));

  changed = statements();
  changed.push_back(changed[kSummary]);
  changed.back().predicate.set("timeVerified", "2026-11-27T09:00:00.000Z");
  EXPECT_THAT(findings(indexed(changed, key_)), ElementsAre("0: envelope-duplicated"));
}

TEST_F(ContradictoryFile, TellsPredicatesItCannotRead) {
  auto changed = statements();
  changed[0].predicate.set("result", "MAYBE");
  EXPECT_THAT(findings(indexed(changed, key_)), ElementsAre("1: unknown-version"));

  changed = statements();
  changed[kSummary].predicate.set(kExtension, Json());
  EXPECT_THAT(findings(indexed(changed, key_)), ElementsAre("4: unknown-version"));
}

TEST_F(EvidenceFile, IsAnErrorForThoseWhoOnlyWantToGoOn) {
  EXPECT_TRUE(verify_evidence(text_, {key_.public_pem()}));
  Lines altered = lines();
  alter_payload(altered[1], "test_a", "test_x");

  const auto verified = verify_evidence(joined(altered), {key_.public_pem()});

  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, ErrorCode::corrupt);
  EXPECT_EQ(verified.error().message, "line 2: payload-altered: the index names another payload");
}

// Goal: the document tells strangers no nonsense. Method: run the commands it gives.
TEST_F(EvidenceFile, IsCheckedWithTheCommandsOfTheDocument) {
  const std::string document = read_file(NIGHTJAR_SOURCE_DIR "/docs/evidence.md", 100'000).value();
  const std::size_t begin = document.find("```sh\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string script =
      document.substr(begin + 6, document.find("```", begin + 6) - begin - 6);
  const testing::Folder folder;
  folder.put("script", script);
  folder.put("key.pub", key_.public_pem());

  folder.put("evidence.jsonl", text_);
  EXPECT_EQ(folder.run("sh -e script").output, "Signature Verified Successfully\n");

  Lines altered = lines();
  alter_payload(altered[0], "test_a", "test_x");
  folder.put("evidence.jsonl", joined(altered));
  const auto refused = folder.run("sh -e script");
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output, HasSubstr("Signature Verification Failure"));
}

TEST_F(EvidenceFile, IsBounded) {
  EXPECT_EQ(check_evidence(std::string(2000, '\n'), {key_.public_pem()}).error().code,
            ErrorCode::exhausted);
  EXPECT_EQ(check_evidence(text_, {}).error().code, ErrorCode::not_found);
}

TEST(SignEvidence, RefusesWhatContradictsItself) {
  const SigningKey key = testing::new_key();
  Evidence evidence = testing::sample_evidence();
  evidence.results[0].tree = "elsewhere";
  EXPECT_EQ(sign_evidence(evidence, key).error().code, ErrorCode::invalid_input);

  evidence = testing::sample_evidence();
  evidence.results[0].run = "another";
  EXPECT_EQ(sign_evidence(evidence, key).error().code, ErrorCode::invalid_input);

  evidence = testing::sample_evidence();
  evidence.results[1] = evidence.results[0];
  EXPECT_EQ(sign_evidence(evidence, key).error().code, ErrorCode::invalid_input);

  evidence.subjects.clear();
  EXPECT_EQ(sign_evidence(evidence, key).error().code, ErrorCode::invalid_input);
}

TEST(CompareEvidence, AgreesWhateverTheMachine) {
  const Evidence recorded = testing::sample_evidence();
  Evidence again = testing::sample_evidence("later");
  again.summary.time_verified = "2027-01-01T00:00:00.000Z";
  again.summary.toolchains = {"python 3.13.0"};
  again.results[2].warned.clear();
  again.results[2].failed = {"races"};

  const Comparison comparison = compare_evidence(recorded, again);

  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_EQ(comparison.tests_compared, 7);
  EXPECT_THAT(comparison.notes,
              ElementsAre("suite \"ctest\" on change: races was flaky and is failed now",
                          "the toolchains are other ones"));
}

TEST(CompareEvidence, NamesEveryTestThatDiffers) {
  const Evidence recorded = testing::sample_evidence();
  Evidence again = testing::sample_evidence();
  again.summary.verdict = "NOT_PROVEN";
  again.subjects[0].digest["gitTree"] = "00";
  again.results[1].passed = {"test_b"};
  again.results[1].failed = {"test_a"};
  again.results[1].complete = false;
  again.results[1].problem = "it hung";
  again.results.pop_back();

  EXPECT_THAT(
      compare_evidence(recorded, again).differences,
      ElementsAre("\"change\" is another tree now", "the verdict was PROVEN and is NOT_PROVEN now",
                  "suite \"ctest\" on change was not run again",
                  "suite \"pytest\" on change: test_a was passed and is failed now",
                  "suite \"pytest\" on change ended before and does not now: it hung"));
}

TEST(Tampering, HasANameForEachKind) {
  for (int kind = 0; kind <= static_cast<int>(Tampering::unknown_version); ++kind) {
    EXPECT_FALSE(name_of(static_cast<Tampering>(kind)).empty());
  }
  EXPECT_EQ(name_of(Tampering::unknown_version), "unknown-version");
}

}  // namespace
}  // namespace nightjar::audit
