// This repository, held to its house rules. A rule that must give way has a row with its reason in
// exceptions.cc.
#include <gmock/gmock.h>

#include <ostream>

#include "tidy/repository.h"
#include "tidy/rules.h"

namespace nightjar::tidy {

static void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

namespace {

class House : public testing::TestWithParam<Rule> {};

TEST_P(House, ObeysTheRule) {
  const Repository repository = Repository::load(NIGHTJAR_SOURCE_DIR);

  const auto findings = findings_of(GetParam(), repository, exceptions());

  EXPECT_TRUE(findings.empty()) << text_of(findings);
}

INSTANTIATE_TEST_SUITE_P(Tidy, House, testing::ValuesIn(rules()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Exceptions, AreAllNeededAndSayWhy) {
  const Repository repository = Repository::load(NIGHTJAR_SOURCE_DIR);

  for (const Exception& exception : stale(rules(), repository, exceptions())) {
    ADD_FAILURE() << "nothing needs the exception of " << exception.rule << " for "
                  << exception.path << " any more: delete it";
  }

  for (const Exception& exception : exceptions()) {
    EXPECT_GT(exception.reason.size(), 20U) << exception.rule << " for " << exception.path;
  }
}

TEST(Load, ReadsTheRepositoryAndNothingThatWasBuilt) {
  const Repository repository = Repository::load(NIGHTJAR_SOURCE_DIR);

  EXPECT_TRUE(repository.has("src/base/result.h"));
  EXPECT_TRUE(repository.has("tests/tidy"));
  EXPECT_FALSE(repository.has("build"));
  EXPECT_GT(repository.code().size(), 20U);
}

}  // namespace
}  // namespace nightjar::tidy
