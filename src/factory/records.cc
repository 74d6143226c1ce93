#include "factory/records.h"

#include <array>

namespace nightjar::factory {
namespace {

struct StringField {
  const char* key;
  std::string RunCreated::* member;
};
constexpr std::array<StringField, 12> kStrings = {{
    {"project_name", &RunCreated::project_name},
    {"work_text", &RunCreated::work_text},
    {"top", &RunCreated::top},
    {"folder", &RunCreated::folder},
    {"base_commit", &RunCreated::base_commit},
    {"graph_name", &RunCreated::graph_name},
    {"graph_text", &RunCreated::graph_text},
    {"engineer", &RunCreated::engineer},
    {"engineer_command", &RunCreated::engineer_command},
    {"build_command", &RunCreated::build_command},
    {"test_command", &RunCreated::test_command},
    {"holdout_digest", &RunCreated::holdout_digest},
}};

struct NumberField {
  const char* key;
  std::int64_t RunCreated::* member;
};
constexpr std::array<NumberField, 3> kNumbers = {{
    {"requirements", &RunCreated::requirements},
    {"scenarios", &RunCreated::scenarios},
    {"holdouts", &RunCreated::holdouts},
}};

// Runs that were recorded before suites had a limit of their own.
constexpr std::string_view kSuiteKey = "suite_ms";
constexpr std::int64_t kSuiteMsBefore = 900'000;

template <typename T>
struct ConfigField {
  const char* key;
  std::int64_t T::* member;
};
constexpr std::array<ConfigField<config::Limits>, 7> kLimits = {{
    {"wall_ms", &config::Limits::wall_ms_max},
    {"cpu_ms", &config::Limits::cpu_ms_max},
    {"memory_bytes", &config::Limits::memory_bytes_max},
    {"disk_bytes", &config::Limits::disk_bytes_max},
    {"output_bytes", &config::Limits::output_bytes_max},
    {"processes", &config::Limits::processes_max},
    {"suite_ms", &config::Limits::suite_ms_max},
}};
constexpr std::array<ConfigField<config::Budget>, 4> kBudget = {{
    {"cpu_ms", &config::Budget::cpu_ms_max},
    {"wall_ms", &config::Budget::wall_ms_max},
    {"nano_usd", &config::Budget::nano_usd_max},
    {"attempts", &config::Budget::attempts_max},
}};

template <typename T, std::size_t kCount>
Json fields_to_json(const T& value, const std::array<ConfigField<T>, kCount>& fields) {
  Json out = Json::object();
  for (const auto& field : fields) out.set(field.key, value.*field.member);
  return out;
}

template <typename T, std::size_t kCount>
Result<T> fields_from(const Json* json, const std::array<ConfigField<T>, kCount>& fields) {
  if (json == nullptr) return {ErrorCode::corrupt, "limits are missing"};
  T out;
  for (const auto& field : fields) {
    if (field.key == kSuiteKey && json->find(kSuiteKey) == nullptr) {
      out.*field.member = kSuiteMsBefore;
      continue;
    }
    TRY_INTO(out.*field.member, json->get_int(field.key));
  }
  return out;
}

}  // namespace

Json to_json(const config::Limits& limits) { return fields_to_json(limits, kLimits); }
Result<config::Limits> limits_from(const Json& json) { return fields_from(&json, kLimits); }

Json to_json(const RunCreated& created) {
  Json out = Json::object({{"work", created.work.str()}, {"project", created.project.str()}});
  for (const StringField& field : kStrings) {
    out.set(field.key, created.*field.member);
  }
  for (const NumberField& field : kNumbers) out.set(field.key, created.*field.member);
  out.set("limits", fields_to_json(created.limits, kLimits));
  out.set("budget", fields_to_json(created.budget, kBudget));
  out.set("walls", Json::strings(created.walls));
  out.set("not_enforced", Json::strings(created.not_enforced));
  out.set("applies_patch", created.applies_patch);
  out.set("recipe", created.recipe);
  out.set("change", created.change);
  return out;
}

Result<RunCreated> run_created_from(const Json& payload) {
  RunCreated out;
  TRY_INTO(const std::string work, payload.get_string("work"));
  TRY_INTO(out.work, WorkId::parse(work));
  TRY_INTO(const std::string project, payload.get_string("project"));
  TRY_INTO(out.project, ProjectId::parse(project));
  for (const StringField& field : kStrings) {
    TRY_INTO(out.*field.member, payload.get_string(field.key));
  }
  for (const NumberField& field : kNumbers) {
    TRY_INTO(out.*field.member, payload.get_int(field.key));
  }
  TRY_INTO(out.limits, fields_from(payload.find("limits"), kLimits));
  TRY_INTO(out.budget, fields_from(payload.find("budget"), kBudget));
  TRY_INTO(out.walls, payload.get_strings("walls"));
  TRY_INTO(out.not_enforced, payload.get_strings("not_enforced"));
  TRY_INTO(out.applies_patch, payload.get_bool("applies_patch"));
  if (const Json* recipe = payload.find("recipe")) out.recipe = *recipe;
  if (const Json* change = payload.find("change")) out.change = *change;
  return out;
}

}  // namespace nightjar::factory
