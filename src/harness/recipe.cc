#include "harness/recipe.h"

#include <utility>

#include "base/bytes.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kListMax = 1000;

/// A TOML basic string.
std::string toml_text(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code == 0x7F) {
      out += "\\u00";
      out += kHex[code >> 4U];
      out += kHex[code & 0xFU];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + toml_text(text);
  return out + "]";
}

std::string toml_map(const std::map<std::string, std::string>& values) {
  std::string out = "{";
  for (const auto& [name, value] : values) {
    out +=
        std::string(out.size() > 1 ? "," : "") + " " + toml_text(name) + " = " + toml_text(value);
  }
  return out + " }";
}

Json map_json(const std::map<std::string, std::string>& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) json.set(name, value);
  return json;
}

Result<std::map<std::string, std::string>> map_from(const Json& json, std::string_view key) {
  std::map<std::string, std::string> values;
  const Json* object = json.find(key);
  if (object == nullptr || !object->is_object()) {
    return {ErrorCode::invalid_input, "recipe: " + std::string(key) + " is no object"};
  }
  for (const auto& [name, value] : object->as_object()) {
    if (!value.is_string()) {
      return {ErrorCode::invalid_input,
              "recipe: " + std::string(key) + "." + printable(name, 60) + " is no text"};
    }
    values[name] = value.as_string();
  }
  return values;
}

Result<std::vector<std::string>> list_from(const Json& json, std::string_view key) {
  TRY_INTO(std::vector<std::string> list, json.get_strings(key));
  if (list.size() > kListMax) {
    return {ErrorCode::exhausted, "recipe: more than 1000 entries in " + std::string(key)};
  }
  return list;
}

}  // namespace

Json to_json(const Recipe& recipe) {
  Json suites = Json::array();
  for (const Suite& suite : recipe.suites) suites.push(to_json(suite));
  return Json::object({{"setup", Json::strings(recipe.setup)},
                       {"build", recipe.build},
                       {"suites", std::move(suites)},
                       {"cache_files", Json::strings(recipe.cache_files)},
                       {"toolchains", Json::strings(recipe.toolchains)},
                       {"services", Json::strings(recipe.services)},
                       {"env", map_json(recipe.env)},
                       {"reasons", Json::strings(recipe.reasons)}});
}

Result<Recipe> recipe_from(const Json& json) {
  Recipe recipe;
  TRY_INTO(recipe.setup, list_from(json, "setup"));
  TRY_INTO(recipe.build, json.get_string("build"));
  const Json* suites = json.find("suites");
  if (suites == nullptr || !suites->is_array()) {
    return {ErrorCode::invalid_input, "recipe: suites is no list"};
  }
  if (suites->as_array().size() > kSuitesMax) {
    return {ErrorCode::exhausted, "recipe: more than " + std::to_string(kSuitesMax) + " suites"};
  }
  for (const Json& suite : suites->as_array()) {
    TRY_INTO(Suite read, suite_from(suite));
    recipe.suites.push_back(std::move(read));
  }
  TRY_INTO(recipe.cache_files, list_from(json, "cache_files"));
  TRY_INTO(recipe.toolchains, list_from(json, "toolchains"));
  recipe.services = json.get_strings("services").value_or({});  // newer than the format
  TRY_INTO(recipe.env, map_from(json, "env"));
  TRY_INTO(recipe.reasons, list_from(json, "reasons"));
  return recipe;
}

Recipe recipe_of(const config::Project& project, Recipe detected) {
  Recipe recipe = std::move(detected);
  const bool named = !project.suites.empty() || !project.test_command.empty();
  if (named) {
    recipe.suites.clear();
    recipe.build.clear();
    recipe.reasons = {"the project's file names its suites"};
  }
  for (const config::ProjectSuite& suite : project.suites) {
    recipe.suites.push_back({.runner = suite.runner,
                             .root = suite.root,
                             .why = "the project's file, [[suite]]",
                             .command = suite.command,
                             .options = suite.options});
  }
  if (!project.test_command.empty()) {
    recipe.suites.push_back({.runner = "command",
                             .root = {},
                             .why = "the project's file, [test] command",
                             .command = project.test_command,
                             .options = {}});
  }
  if (!project.build_command.empty()) recipe.build = project.build_command;
  if (!project.setup.empty()) recipe.setup = project.setup;
  if (!project.cache_files.empty()) recipe.cache_files = project.cache_files;
  if (!project.toolchains.empty()) recipe.toolchains = project.toolchains;
  if (!project.services.empty()) recipe.services = project.services;
  for (const auto& [name, value] : project.env) recipe.env[name] = value;
  return recipe;
}

std::string recipe_toml(const Recipe& recipe) {
  std::string out;
  for (const std::string& reason : recipe.reasons) out += "# " + printable(reason, 300) + "\n";
  const bool environment = !recipe.setup.empty() || !recipe.cache_files.empty() ||
                           !recipe.toolchains.empty() || !recipe.services.empty() ||
                           !recipe.env.empty();
  if (environment) {
    out += "\n[environment]\n";
    if (!recipe.toolchains.empty()) out += "toolchains = " + toml_list(recipe.toolchains) + "\n";
    if (!recipe.services.empty()) out += "services = " + toml_list(recipe.services) + "\n";
    if (!recipe.setup.empty()) out += "setup = " + toml_list(recipe.setup) + "\n";
    if (!recipe.cache_files.empty()) out += "cache = " + toml_list(recipe.cache_files) + "\n";
    if (!recipe.env.empty()) out += "env = " + toml_map(recipe.env) + "\n";
  }
  if (!recipe.build.empty()) out += "\n[build]\ncommand = " + toml_text(recipe.build) + "\n";
  for (const Suite& suite : recipe.suites) {
    if (!suite.why.empty()) out += "\n# " + printable(suite.why, 300);
    out += "\n[[suite]]\nrunner = " + toml_text(suite.runner) + "\n";
    if (!suite.root.empty()) out += "root = " + toml_text(suite.root) + "\n";
    if (!suite.command.empty()) out += "command = " + toml_text(suite.command) + "\n";
    if (!suite.options.empty()) out += "options = " + toml_map(suite.options) + "\n";
  }
  return out;
}

}  // namespace nightjar::harness
