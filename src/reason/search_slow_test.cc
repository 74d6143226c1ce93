// Whole searches on small faulty programs, by the launcher without walls.
#include <gmock/gmock.h>
#include <chrono>
#include <filesystem>

#include <fstream>

#include "base/file.h"
#include "reason/search.h"
#include "sandbox/testing/local_sandbox.h"

namespace nightjar::reason {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

struct Case {
  std::string argument;
  std::string expected;
  std::string input = {};
};

// A project in a folder of its own: one source file, scenarios that give it an argument.
class Project {
 public:
  Project(const std::string& path, const std::string& text, const std::vector<Case>& cases)
      : path_(path), text_(text) {
    std::string folder =
        (std::filesystem::temp_directory_path() / "nightjar-search-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    input.sandbox.lower_dirs = {folder};
    write(path, text);
    input.sandbox.limits = {
        .memory_bytes_max = 1U << 30U, .disk_bytes_max = 1U << 28U, .processes_max = 64};
    input.build_limits = {milliseconds(60'000), milliseconds(60'000), 1U << 20U};
    input.step_limits = {milliseconds(10'000), milliseconds(10'000), 1U << 20U};
    const bool python = path.ends_with(".py");
    if (!python) input.build_command = "cc -O0 -o tool " + path;
    for (const Case& one : cases) {
      scenario::Step step;
      step.argv =
          python ? std::vector<std::string>{"python3", path} : std::vector<std::string>{"./tool"};
      step.argv.push_back(one.argument);
      step.stdin_bytes = one.input;
      step.expect.stdout_text.equals = one.expected;
      scenario::Scenario scenario;
      scenario.name = "case " + one.argument + one.input;
      scenario.steps = {step};
      input.scenarios.push_back(scenario);
    }
    limits = {.wall_max = milliseconds(60'000),
              .cpu_max = milliseconds(120'000),
              .candidates_max = 2000,
              .workers = 2};
  }
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;
  ~Project() { (void)remove_tree(folder()); }

  const std::string& folder() const { return input.sandbox.lower_dirs.front(); }

  void write(const std::string& path, const std::string& text) const {
    const auto whole = std::filesystem::path(folder()) / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }

  SearchResult search(std::stop_token stop = {}) {
    sandbox::testing::LocalLauncher launcher;
    const auto result = search_repair(launcher, input, limits, std::move(stop), {});
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? *result : SearchResult{};
  }

  /// The changed file, or why there is none.
  std::string repaired() {
    const SearchResult result = search();
    if (result.verdict != Verdict::tested)
      return std::string(name_of(result.verdict)) + " " + result.why;
    EXPECT_EQ(result.after.satisfied, result.after.total);
    EXPECT_THAT(result.diff, HasSubstr("--- a/" + path_));
    EXPECT_THAT(result.cause, HasSubstr(path_ + ":"));
    return result.changed.at(path_);
  }

  std::string with(const std::string& from, const std::string& to) const {
    std::string out = text_;
    const std::size_t at = out.find(from);
    EXPECT_NE(at, std::string::npos);
    return out.replace(at, from.size(), to);
  }

  SearchInput input;
  SearchLimits limits;

 private:
  std::string path_;
  std::string text_;
};

constexpr const char* kSum = R"(#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 0;
  int sum = 0;
  for (int i = 1; i < n; i++) {
    sum += i;
  }
  printf("%d\n", sum);
  return 0;
}
)";

TEST(SearchSlow, RepairsALoopBoundInC) {
  Project project("src/sum.c", kSum, {{"3", "6\n"}, {"1", "1\n"}, {"0", "0\n"}, {"10", "55\n"}});

  EXPECT_EQ(project.repaired(), project.with("i < n", "i <= n"));
}

TEST(SearchSlow, BuildsAndRunsWithTheVariablesOfItsSandbox) {
  Project project("src/sum.c", kSum, {{"3", "6\n"}, {"1", "1\n"}, {"0", "0\n"}});
  project.input.build_command = "$COMPILER -O0 -o tool src/sum.c";
  project.input.sandbox.env = {{"COMPILER", "cc"}, {"TOOL", "./tool"}};
  for (scenario::Scenario& one : project.input.scenarios) {
    one.steps[0].argv = {"sh", "-c", "$TOOL " + one.steps[0].argv[1]};
  }

  EXPECT_EQ(project.repaired(), project.with("i < n", "i <= n"));
}

TEST(SearchSlow, RepairsACrashInCByAGuard) {
  Project project("name.c", R"(#include <stdio.h>
#include <string.h>
static int length(const char *text) {
  return (int)strlen(text);
}
int main(int argc, char **argv) {
  const char *equals = strchr(argv[argc - 1], '=');
  printf("%d\n", length(equals));
  return 0;
}
)",
                  {{"a=bc", "3\n"}, {"=", "1\n"}, {"abc", "0\n"}});

  EXPECT_THAT(project.repaired(), HasSubstr("NULL"));
}

TEST(SearchSlow, RepairsAnEndlessLoopInC) {
  Project project("dots.c", R"(#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  int n = atoi(argv[argc - 1]);
  for (int i = 0; i < n; n++) putchar('.');
  return 0;
}
)",
                  {{"0", ""}, {"1", "."}, {"6", "......"}});

  project.input.step_limits.wall_max = milliseconds(1000);
  project.input.step_limits.cpu_max = milliseconds(1000);

  EXPECT_EQ(project.repaired(), project.with("n++", "i++"));
}

TEST(SearchSlow, RepairsAMissingBreakInC) {
  Project project("unit.c", R"(#include <stdio.h>
int main(int argc, char **argv) {
  int factor = 0;
  switch (argv[argc - 1][0]) {
    case 'k':
      factor = 1000;
    case 'd':
      factor = 10;
      break;
    default:
      factor = 1;
  }
  printf("%d\n", factor);
  return 0;
}
)",
                  {{"k", "1000\n"}, {"d", "10\n"}, {"x", "1\n"}});

  EXPECT_EQ(project.repaired(), project.with("factor = 1000;", "factor = 1000;\n      break;"));
}

TEST(SearchSlow, RepairsADivisionInC) {
  Project project("mean.c", R"(#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
  int total = 0;
  int count = 0;
  for (const char *at = argv[argc - 1]; *at; at++) {
    total += *at - '0';
    count++;
  }
  double mean = total / count;
  printf("%.2f\n", mean);
  return 0;
}
)",
                  {{"12", "1.50\n"}, {"333", "3.00\n"}, {"122", "1.67\n"}});

  EXPECT_EQ(project.repaired(), project.with("total / count", "(double)total / count"));
}

TEST(SearchSlow, RepairsAMacroInC) {
  Project project("week.c", R"(#include <stdio.h>
#include <stdlib.h>
#define DAYS 6
int main(int argc, char **argv) {
  printf("%d\n", atoi(argv[argc - 1]) / DAYS);
  return 0;
}
)",
                  {{"7", "1\n"}, {"6", "0\n"}, {"21", "3\n"}, {"100", "14\n"}});

  EXPECT_EQ(project.repaired(), project.with("DAYS 6", "DAYS 7"));
}

TEST(SearchSlow, SeesChangesThatTheBuildDoesNotNotice) {
  Project project("sum.c", kSum, {{"3", "6\n"}, {"1", "1\n"}, {"0", "0\n"}});
  project.write("Makefile", "tool:\n\tcc -O0 -o tool sum.c\n");  // No prerequisites.
  project.input.build_command = "make";

  EXPECT_EQ(project.repaired(), project.with("i < n", "i <= n"));
}

constexpr const char* kWords = R"(import sys

def longest(words, least):
    best = ""
    for word in words:
        if len(word) > len(best):
            best = word
            return best
    return best

def main():
    words = sys.argv[1].split(",")
    print(longest(words, 0))

main()
)";

TEST(SearchSlow, RepairsAnEarlyReturnInPython) {
  Project project("words.py", kWords,
                  {{"a,bcd,ef", "bcd\n"}, {"xy,z", "xy\n"}, {"p,qr,stu,vwxy,z", "vwxy\n"}});

  EXPECT_THAT(project.repaired(), Not(HasSubstr("best = word\n            return best")));
}

TEST(SearchSlow, RepairsATracebackInPython) {
  Project project("mean.py", R"(import sys

def mean(numbers):
    return sum(numbers) / len(numbers)

print(mean([int(part) for part in sys.argv[1].split()]))
)",
                  {{"1 2 3", "2.0\n"}, {"5", "5.0\n"}, {"", "0\n"}});

  EXPECT_THAT(project.repaired(), HasSubstr("return 0"));
}

TEST(SearchSlow, RepairsASharedDefaultInPython) {
  Project project("group.py", R"(import sys

def add(word, words=[]):
    words.append(word)
    return words

first = add(sys.argv[1])
second = add("x")
print(len(first), len(second))
)",
                  {{"a", "1 1\n"}});

  EXPECT_THAT(project.repaired(), HasSubstr("words=None"));
}

TEST(SearchSlow, RepairsAMissingConversionInPython) {
  Project project("top.py", R"(import sys

def top(parts):
    best = None
    for part in parts:
        value = part.strip()
        if best is None or value > best:
            best = value
    return best

print(top(sys.argv[1].split(",")))
)",
                  {{"9,10", "10\n"}, {"3,2", "3\n"}, {" 7 ,12,8", "12\n"}});

  EXPECT_THAT(project.repaired(), HasSubstr("int("));
}

TEST(SearchSlow, RepairsAModuleStartedByName) {
  Project project("tool/rate.py", R"(def rate(minutes):
    if minutes > 60:
        return 2
    return 1
)",
                  {});
  project.write("tool/__init__.py", "");
  project.write("tool/__main__.py",
                "import sys\nfrom tool.rate import rate\nprint(rate(int(sys.argv[1])))\n");
  for (const auto& [minutes, expected] :
       std::map<std::string, std::string>{{"60", "2\n"}, {"59", "1\n"}, {"61", "2\n"}}) {
    scenario::Step step;
    step.argv = {"python3", "-m", "tool", minutes};
    step.expect.stdout_text.equals = expected;
    scenario::Scenario scenario;
    scenario.name = minutes;
    scenario.steps = {step};
    project.input.scenarios.push_back(scenario);
  }

  EXPECT_EQ(project.repaired(), project.with("> 60", ">= 60"));
}

constexpr const char* kShipping = R"(import sys

def cost(weight):
    if weight > 10:
        return 8
    return 5

print(cost(int(sys.argv[1])))
)";

// Goal: the validation set rejects what only fits the scenarios of the search. Method: all failing
// scenarios but the held-back one are for weight 10, so that a constant seems to do.
TEST(SearchSlow, RejectsAPatchThatOnlyFitsTheScenariosItSees) {
  Project project("ship.py", kShipping,
                  {{"1", "5\n"},
                   {"2", "5\n"},
                   {"9", "8\n"},
                   {"10", "8\n"},
                   {"11", "8\n"},
                   {"12", "8\n"},
                   {"5", "8\n"},
                   {"4", "5\n"},
                   {"6", "8\n"},
                   {"3", "5\n"}});
  project.write("other.py", "LIMIT = 4\nPRICE = 8\n");

  const SearchResult result = project.search();

  EXPECT_EQ(result.validation_names.size(), 3U);
  EXPECT_EQ(result.validation_before.total, 3);
  ASSERT_EQ(result.verdict, Verdict::tested) << result.why;
  EXPECT_EQ(result.validation_after.satisfied, 3);
}

TEST(SearchSlow, DoesNothingWhenAllIsSatisfied) {
  Project project("sum.c", kSum, {{"1", "0\n"}, {"0", "0\n"}});

  const SearchResult result = project.search();

  EXPECT_EQ(result.verdict, Verdict::nothing_to_do);
  EXPECT_EQ(result.candidates, 0);
  EXPECT_TRUE(result.changed.empty());
}

TEST(SearchSlow, SaysWhatWasTriedWhenNothingIsFound) {
  Project project("sum.c", kSum, {{"3", "a poem\n"}});
  project.limits.candidates_max = 20;

  const SearchResult result = project.search();

  EXPECT_EQ(result.verdict, Verdict::not_found);
  EXPECT_EQ(result.candidates, 20);
  EXPECT_THAT(result.why, HasSubstr("limit of 20 candidates"));
}

TEST(SearchSlow, NeverReturnsARejectedCandidate) {
  Project project("sum.c", kSum, {{"3", "6\n"}, {"1", "1\n"}, {"0", "0\n"}});
  const std::string first = project.repaired();
  project.input.rejected = {{{"sum.c", first}}};

  const SearchResult result = project.search();

  ASSERT_EQ(result.verdict, Verdict::tested) << result.why;  // `i < n + 1` does as well.
  EXPECT_NE(result.changed.at("sum.c"), first);
}

TEST(SearchSlow, NeverTouchesFrozenPaths) {
  Project project("sum.c", kSum, {{"3", "6\n"}});
  project.input.frozen_paths = {"sum.c"};

  const SearchResult result = project.search();

  EXPECT_EQ(result.verdict, Verdict::cannot);
  EXPECT_THAT(result.why, HasSubstr("no C or Python source"));
}

TEST(SearchSlow, ReturnsWhatHelpsInPartWhenTwoThingsAreWrong) {
  Project project("two.py", R"(import sys

def first(number):
    return number - 1

def second(number):
    return number * 31

if sys.argv[1] == "a":
    print(first(4))
elif sys.argv[1] == "b":
    print(second(10))
else:
    print("usage")
)",
                  {{"a", "5\n"}, {"b", "a poem\n"}, {"c", "usage\n"}});
  project.limits.candidates_max = 150;

  const SearchResult result = project.search();

  ASSERT_EQ(result.verdict, Verdict::partial) << result.why;
  EXPECT_EQ(result.before.satisfied, 1);
  EXPECT_EQ(result.after.satisfied, 2);
}

TEST(SearchSlow, CannotRepairWhatDoesNotBuild) {
  Project project("sum.c", "int main(void) { return missing; }\n", {{"3", "6\n"}});

  const SearchResult result = project.search();

  EXPECT_EQ(result.verdict, Verdict::cannot);
  EXPECT_THAT(result.why, HasSubstr("does not build as it is"));
}

TEST(SearchSlow, CannotRepairWithoutScenarios) {
  Project project("sum.c", kSum, {});

  EXPECT_EQ(project.search().verdict, Verdict::cannot);
}

TEST(SearchSlow, NamesFlakyScenarios) {
  Project project("tool.py", R"(import os
print(int.from_bytes(os.urandom(6), "big"))
)",
                  {{"a", "0\n"}, {"b", "0\n"}, {"c", "1\n"}, {"d", "1\n"}});

  const SearchResult result = project.search();

  EXPECT_NE(result.verdict, Verdict::tested) << result.diff;
}

TEST(SearchSlow, KeepsItsTimeLimit) {
  Project project("wait.py", R"(import sys
total = 0
for number in range(int(sys.argv[1])):
    total += number
print(total)
)",
                  {{"10", "a poem\n"}});
  project.limits.wall_max = milliseconds(300);
  const auto start = std::chrono::steady_clock::now();

  const SearchResult result = project.search();

  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_LE(std::chrono::duration_cast<milliseconds>(took).count(), 1300);
  EXPECT_NE(result.verdict, Verdict::tested);
  EXPECT_THAT(result.why, HasSubstr("time limit"));
}

TEST(SearchSlow, EndsWhenAskedTo) {
  Project project("sum.c", kSum, {{"3", "a poem\n"}});
  std::stop_source source;
  source.request_stop();

  const SearchResult result = project.search(source.get_token());

  EXPECT_EQ(result.verdict, Verdict::cannot);
  EXPECT_THAT(result.why, HasSubstr("asked to stop"));
}

TEST(Search, RefusesMissingLimits) {
  sandbox::testing::LocalLauncher launcher;

  const auto result = search_repair(launcher, {}, {}, {}, {});

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace nightjar::reason
