#include "scenario/match.h"

#include <gmock/gmock.h>

#include <cmath>

#include "scenario/numbers.h"

namespace nightjar::scenario {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using namespace std::chrono_literals;

std::string exact(const std::string& expected, std::string_view actual) {
  return match_exact(expected, Output{"stdout", actual}).value_or("");
}

std::string text(const TextExpectation& expected, std::string_view actual) {
  return match_text(expected, Output{"stdout", actual}).value_or("");
}

Json json(std::string_view value) {
  const Result<Json> parsed = parse_json(value);
  EXPECT_TRUE(parsed) << value;
  return parsed ? *parsed : Json();
}

TEST(ExactText, ShowsBothWhenShort) {
  EXPECT_EQ(exact("2\n", "2\n"), "");
  EXPECT_EQ(exact("2\n", "3\n"), R"(stdout is "3\n", expected "2\n")");
  EXPECT_EQ(exact("", "\x1b[31m"), R"(stdout is "\x1b[31m", expected "")");
}

TEST(ExactText, ShowsTheFirstLineThatDiffersWhenLong) {
  const std::string head = std::string(60, 'a') + "\n" + std::string(60, 'b') + "\n";

  EXPECT_EQ(exact(head + "three\nfour\n", head + "thirty\nfour\n"),
            R"(stdout line 3 is "thirty", expected "three")");
  EXPECT_EQ(exact(head + "three\n", head), R"(stdout ends after 2 lines, expected "three" next)");
  EXPECT_EQ(exact(head, head + "more\n"),
            R"(stdout goes on after the 2 lines expected, with "more")");
  EXPECT_EQ(exact(head + "x\n", head + "x"), "stdout lacks the newline at its end");
  EXPECT_EQ(exact(head + "x", head + "x\n"), "stdout has one newline too many at its end");
}

TEST(ExactText, ShowsTheNeighbourhoodOfADifferenceInALongLine) {
  const std::string line(500, 'a');

  const std::string message = exact(line + "xyz" + line, line + "xYz" + line);

  EXPECT_THAT(message, HasSubstr("is \"…aaaaaaaaaaaaaaaaaaaxYzaaa"));
  EXPECT_THAT(message, HasSubstr("expected \"…aaaaaaaaaaaaaaaaaaaxyzaaa"));
  EXPECT_LT(message.size(), 300u);
}

TEST(ExactText, CutsBetweenCharacters) {
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += "é";

  const std::string message = exact(expected + "x", expected + "y");

  EXPECT_THAT(message, testing::Not(HasSubstr("\\x")));
}

TEST(Text, HoldsWhenEverythingGivenHolds) {
  TextExpectation expected;
  EXPECT_EQ(text(expected, "anything"), "");

  expected.contains = {"one", "two"};
  expected.matches = "^o.e t";
  EXPECT_EQ(text(expected, "one two"), "");
  EXPECT_EQ(text(expected, "one"), R"(stdout does not contain "two"; it is "one")");
  EXPECT_EQ(text(expected, "two one"), R"(stdout does not match /^o.e t/; it is "two one")");
}

TEST(Text, MatchesPatternsInLinearTime) {
  TextExpectation expected;
  expected.matches = "(a*)*(a*)*b$";

  EXPECT_THAT(text(expected, std::string(1 << 20, 'a')), HasSubstr("does not match"));
}

TEST(Text, SaysWhenOutputWasCut) {
  TextExpectation expected;
  expected.equals = "a";
  const auto cut = match_text(expected, Output{"stderr", "aaaa", true});
  EXPECT_EQ(cut, R"(stderr is longer than the limit on output; it begins with "aaaa")");

  expected.equals.reset();
  expected.contains = {"a"};
  EXPECT_EQ(match_text(expected, Output{"stderr", "aaaa", true}), std::nullopt);
}

TEST(Pattern, IsRefusedWhenItIsNoRe2OrTooLarge) {
  EXPECT_TRUE(check_pattern("a|b"));
  EXPECT_FALSE(check_pattern("(a"));
  EXPECT_FALSE(check_pattern("(?=a)"));
  EXPECT_FALSE(check_pattern("((a{1000}){1000}){1000}"));
}

TEST(JsonText, ComparesValuesAndNotTexts) {
  TextExpectation expected;
  expected.json = json(R"({"a":[1,2.0,"x"],"b":null})");

  EXPECT_EQ(text(expected, "{ \"b\": null, \"a\": [1.0, 2, \"x\"] }\n"), "");
  EXPECT_EQ(text(expected, R"({"b":null,"a":[1,3,"x"]})"),
            "stdout as JSON at /a/1 is 3, expected 2.0");
  EXPECT_EQ(text(expected, R"({"b":null,"a":[1]})"), "stdout as JSON at /a has 1 item, expected 3");
  EXPECT_EQ(text(expected, R"({"a":[1,2,"x"]})"), R"(stdout as JSON lacks the key "b")");
  EXPECT_EQ(text(expected, R"({"a":[1,2,"x"],"b":null,"c":1})"),
            R"(stdout as JSON has the unexpected key "c")");
  EXPECT_THAT(text(expected, "nope"), HasSubstr("stdout is not JSON ("));
}

TEST(JsonText, KeepsLargeIntegersAndTypesApart) {
  EXPECT_NE(json_difference(json("9007199254740993"), json("9007199254740992")), "");
  EXPECT_EQ(json_difference(json("1"), json("\"1\"")), R"( is 1, expected "1")");
  EXPECT_NE(json_difference(json("0"), json("false")), "");
  EXPECT_NE(json_difference(json("[]"), json("{}")), "");
  EXPECT_EQ(json_difference(json(R"({"a/b":1})"), json(R"({"a/b":2})")),
            " at /a~1b is 1, expected 2");
}

TEST(Numbers, AreFoundInOrder) {
  EXPECT_THAT(numbers_in("a 1, -2.5 +3 and 4e2;5E-1 .5 7.", 100),
              ElementsAre(1, -2.5, 3, 400, 0.5, 0.5, 7));
  EXPECT_THAT(numbers_in("p90=9ms x1 total_2 3rd", 100), ElementsAre(9, 3));
  EXPECT_THAT(numbers_in("2023-05-10 3-4 (1)-2", 100), ElementsAre(2023, 5, 10, 3, 4, 1, 2));
  EXPECT_THAT(numbers_in("1.2.3 1e 2e+ -", 100), ElementsAre(1.2, 3, 1, 2));
  EXPECT_THAT(numbers_in("é5 --6 .", 100), ElementsAre(-6));
  EXPECT_THAT(numbers_in("", 100), IsEmpty());
}

TEST(Numbers, IncludeInfinitiesAndNan) {
  const double infinity = std::numeric_limits<double>::infinity();

  EXPECT_THAT(numbers_in("inf -Infinity +INF info finf inf2 1e999 -1e999 1e-999", 100),
              ElementsAre(infinity, -infinity, infinity, infinity, -infinity, 0));
  EXPECT_THAT(numbers_in(std::string(400, '9') + " 0." + std::string(400, '0') + "1", 100),
              ElementsAre(infinity, 0));
  const std::vector<double> nans = numbers_in("nan -nan NaN nano", 100);
  ASSERT_THAT(nans, SizeIs(3));
  for (const double value : nans) EXPECT_TRUE(std::isnan(value));
}

TEST(Numbers, AreBounded) { EXPECT_THAT(numbers_in("1 2 3 4", 2), ElementsAre(1, 2)); }

TEST(Numbers, MatchWithinTheTolerance) {
  TextExpectation expected;
  expected.numbers = Numbers{.values = {1, 2.5}, .tolerance = 0.01};

  EXPECT_EQ(text(expected, "x=1.005 y=2.495"), "");
  EXPECT_EQ(text(expected, "1 2.52"), "number 2 in stdout is 2.52, expected 2.5 within 0.01");
  EXPECT_EQ(text(expected, "1"), R"(stdout holds 1 number, expected 2; it is "1")");
  EXPECT_EQ(text(expected, "1 2.5 3"), R"(stdout holds 3 numbers, expected 2; it is "1 2.5 3")");
}

TEST(Numbers, AreNearByTheirOwnRules) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();

  EXPECT_TRUE(is_near(0.1 + 0.2, 0.3, 1e-12));
  EXPECT_FALSE(is_near(0.1 + 0.2, 0.3, 0));
  EXPECT_TRUE(is_near(nan, nan, 0));
  EXPECT_FALSE(is_near(nan, 1, infinity));
  EXPECT_TRUE(is_near(infinity, infinity, 0));
  EXPECT_FALSE(is_near(infinity, -infinity, 1e300));
  EXPECT_FALSE(is_near(infinity, 1, 1e300));
}

sandbox::Outcome exited(int code, std::string out = "", std::string err = "") {
  sandbox::Outcome outcome;
  outcome.code = code;
  outcome.stdout_bytes = std::move(out);
  outcome.stderr_bytes = std::move(err);
  return outcome;
}

sandbox::Outcome ended(sandbox::Ended how, int code = 0) {
  sandbox::Outcome outcome;
  outcome.ended = how;
  outcome.code = code;
  return outcome;
}

std::string mismatch(const Expectation& expected, const sandbox::Outcome& actual) {
  const auto found = match_outcome(expected, actual, 2s);
  return found ? found->text : "";
}

TEST(Outcome, ExpectsStatusZeroWhenNothingIsSaid) {
  EXPECT_EQ(mismatch({}, exited(0)), "");
  EXPECT_EQ(mismatch({}, exited(1)), "exit status is 1, expected 0");
  EXPECT_EQ(mismatch({}, exited(1, "", "Traceback\n  x\nIndexError: 3\n\n")),
            R"(exit status is 1, expected 0; stderr ends with "IndexError: 3")");
}

TEST(Outcome, ComparesTheStatus) {
  Expectation expected;
  expected.exit = 3;

  EXPECT_EQ(mismatch(expected, exited(3)), "");
  EXPECT_EQ(mismatch(expected, exited(0)), "exit status is 0, expected 3");
}

TEST(Outcome, NamesTheSignal) {
  EXPECT_EQ(mismatch({}, ended(sandbox::Ended::signalled, 11)),
            "killed by SIGSEGV (signal 11), expected exit status 0");

  Expectation expected;
  expected.exit = 128 + 6;
  EXPECT_EQ(mismatch(expected, ended(sandbox::Ended::signalled, 6)), "");
}

TEST(Outcome, NamesTheLimit) {
  EXPECT_EQ(mismatch({}, ended(sandbox::Ended::wall_limit)), "did not end within 2s");
  EXPECT_EQ(mismatch({}, ended(sandbox::Ended::cpu_limit)),
            "used more processor time than is allowed");
  EXPECT_EQ(mismatch({}, ended(sandbox::Ended::memory_limit)), "used more memory than is allowed");
}

TEST(Outcome, ChecksStdoutBeforeStderr) {
  Expectation expected;
  expected.stdout_text.equals = "a";
  expected.stderr_text.equals = "b";

  EXPECT_EQ(mismatch(expected, exited(0, "a", "b")), "");
  EXPECT_EQ(mismatch(expected, exited(0, "x", "y")), R"(stdout is "x", expected "a")");
  EXPECT_EQ(mismatch(expected, exited(0, "a", "y")), R"(stderr is "y", expected "b")");
}

TEST(Crash, IsASignalAlsoThroughAShell) {
  Step direct;
  direct.argv = {"./x"};
  Step shell;
  shell.argv = {"/bin/sh", "-c", "./x | cat"};

  EXPECT_TRUE(is_crash(direct, ended(sandbox::Ended::signalled, 11)));
  EXPECT_TRUE(is_crash(shell, exited(139)));
  EXPECT_FALSE(is_crash(direct, exited(139)));
  EXPECT_FALSE(is_crash(shell, exited(130)));
  EXPECT_FALSE(is_crash(shell, ended(sandbox::Ended::wall_limit)));
}

TEST(Fingerprint, LeavesOutWhatChangesFromRunToRun) {
  const auto equal = [](const char* a, const char* b) {
    return fingerprint_of(a) == fingerprint_of(b);
  };

  EXPECT_TRUE(equal("bad pointer 0x7ffd12", "bad pointer 0xdeadBEEF00"));
  EXPECT_TRUE(equal("==12== ERROR", "==3456== ERROR"));
  EXPECT_TRUE(equal("pid 12 died", "pid 9999 died"));
  EXPECT_TRUE(equal("PID=12", "PID=13"));
  EXPECT_TRUE(equal("open /tmp/ab12/x: no", "open /tmp/cd34/y: no"));
  EXPECT_TRUE(equal("at 10:11:12.5 failed", "at 23:59:59 failed"));
  EXPECT_TRUE(equal("ran 5 tests in 0.123s", "ran 5 tests in 0.4567s"));
  EXPECT_TRUE(equal("done in 12 ms", "done in 7 ms"));
}

TEST(Fingerprint, KeepsDifferentFailuresApart) {
  EXPECT_NE(fingerprint_of("step 1: stdout is \"3\""), fingerprint_of("step 1: stdout is \"4\""));
  EXPECT_NE(fingerprint_of("step 1: x"), fingerprint_of("step 2: x"));
  EXPECT_NE(fingerprint_of("max=9ms"), fingerprint_of("max=10ms"));
  EXPECT_NE(fingerprint_of("2023-05-10 09:20"), fingerprint_of("2023-05-10 09:40"));
}

TEST(Fingerprint, IsBoundedAndPrintable) {
  const std::string fingerprint = fingerprint_of(std::string(10'000, '\x01'));

  EXPECT_LT(fingerprint.size(), 300u);
  EXPECT_EQ(fingerprint.find('\x01'), std::string::npos);
}

}  // namespace
}  // namespace nightjar::scenario
