#include "agent/engineers.h"

#include "base/bytes.h"
#include "base/check.h"

namespace nightjar::agent {

std::vector<std::string> engineer_names() { return {"reasoner", "command"}; }

Result<> check_engineer(std::string_view name, std::string_view command) {
  if (name == "reasoner") return ok;
  if (name == "command") {
    if (!trim(command).empty()) return ok;
    return {ErrorCode::invalid_input,
            "the `command` engineer has no command: set [engineer] command in nightjar.toml"};
  }
  const std::string nearest = nearest_name(name, engineer_names());
  return {ErrorCode::invalid_input, "unknown engineer \"" + printable(name, 60) + "\"; " +
                                        (nearest.empty() ? "known: " + join(engineer_names(), ", ")
                                                         : "did you mean \"" + nearest + "\"?")};
}

event::Effect engineer_effect(std::string_view name, const EngineerInput& input) {
  Json arguments = Json::object(
      {{"tree", input.tree}, {"build", input.build_command}, {"limits", input.limits}});
  if (name == "reasoner") {
    arguments.set("rejected", Json::strings(input.rejected));
    return {.kind = event::EffectKind::run_search,
            .arguments = std::move(arguments),
            .worst_case = input.worst_case};
  }
  CHECK(name == "command");
  arguments.set("purpose", "engineer");
  arguments.set("command", input.command);
  arguments.set("work_text", input.work_text);
  arguments.set("evidence", input.evidence);
  return {.kind = event::EffectKind::run_command,
          .arguments = std::move(arguments),
          .worst_case = input.worst_case};
}

}  // namespace nightjar::agent
