#include "harness/recipe.h"

#include <gmock/gmock.h>

namespace nightjar::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Recipe full_recipe() {
  return {.setup = {"npm ci", "echo \"a\\b\"\n"},
          .build = "make -C 'x y'",
          .suites = {{.runner = "ctest",
                      .root = "lib",
                      .why = "CMakeLists.txt calls add_test",
                      .command = {},
                      .options = {{"build_dir", "build"}}},
                     {.runner = "command",
                      .root = {},
                      .why = "Makefile has a target test",
                      .command = "make test",
                      .options = {}}},
          .cache_files = {"package-lock.json"},
          .toolchains = {"node", "c"},
          .env = {{"A", "b c"}},
          .reasons = {"because"}};
}

TEST(Recipe, ReadsBackWhatItWrote) {
  const Json json = to_json(full_recipe());

  const Result<Recipe> read = recipe_from(json);

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), json);
  EXPECT_EQ(read->suites.size(), 2U);
  EXPECT_EQ(read->setup[1], "echo \"a\\b\"\n");
}

TEST(Recipe, RefusesJsonThatIsNone) {
  for (const char* text :
       {"{}", "[]", R"({"setup": "x"})",
        R"({"setup": [], "build": "", "suites": [1], "cache_files": [], "toolchains": [],
            "env": {}, "reasons": []})",
        R"({"setup": [], "build": "", "suites": [], "cache_files": [], "toolchains": [],
            "env": {"a": 1}, "reasons": []})"}) {
    EXPECT_FALSE(recipe_from(*parse_json(text))) << text;
  }
}

TEST(Recipe, IsAProjectFileThatSaysTheSame) {
  const Recipe recipe = full_recipe();

  const std::string toml = "[project]\nname = \"x\"\n" + recipe_toml(recipe);

  const auto project = config::parse_project(toml, "nightjar.toml");
  ASSERT_TRUE(project) << project.error().message << "\n" << toml;
  const Recipe again = recipe_of(*project, {});
  EXPECT_EQ(again.setup, recipe.setup);
  EXPECT_EQ(again.build, recipe.build);
  EXPECT_EQ(again.cache_files, recipe.cache_files);
  EXPECT_EQ(again.toolchains, recipe.toolchains);
  EXPECT_EQ(again.env, recipe.env);
  ASSERT_EQ(again.suites.size(), 2U);
  EXPECT_EQ(again.suites[0].id(), "ctest:lib");
  EXPECT_EQ(again.suites[0].options, recipe.suites[0].options);
  EXPECT_EQ(again.suites[1].command, "make test");
  EXPECT_THAT(toml, HasSubstr("# because\n"));
}

TEST(RecipeOf, TakesTheSuitesAndTheBuildOfTheProjectsFile) {
  config::Project project;
  project.test_command = "make check";

  const Recipe recipe = recipe_of(project, full_recipe());

  ASSERT_EQ(recipe.suites.size(), 1U);
  EXPECT_EQ(recipe.suites[0].command, "make check");
  EXPECT_EQ(recipe.build, "");
  EXPECT_THAT(recipe.toolchains, ElementsAre("node", "c"));
}

TEST(RecipeOf, KeepsWhatTheProjectsFileDoesNotSay) {
  config::Project project;
  project.build_command = "ninja";
  project.env = {{"A", "z"}, {"B", "y"}};

  const Recipe recipe = recipe_of(project, full_recipe());

  EXPECT_EQ(recipe.suites.size(), 2U);
  EXPECT_EQ(recipe.build, "ninja");
  EXPECT_EQ(recipe.env.at("A"), "z");
  EXPECT_EQ(recipe.env.at("B"), "y");
  EXPECT_EQ(recipe.setup.size(), 2U);
}

}  // namespace
}  // namespace nightjar::harness
