// Requests and replies about holds: a person's word that work has to stop (docs/cli.md#holds).
#pragma once

#include <string>

#include "base/json.h"

namespace nightjar::api {

struct HoldRequest {
  enum class Scope { everything, project, run } scope = Scope::everything;
  std::string run{};     // of the scope `run`
  std::string folder{};  // of the scope `project`
  std::string reason;
  std::string who;
};
struct HoldLine {
  std::string name;   // what lift() takes
  std::string scope;  // "everything", "project ID", "run ID"
  std::string reason;
  std::string who;
  std::string since;   // RFC 3339
  std::string damage;  // why the file cannot be read: it holds everything; "" for a sound one
};
Json to_json(const HoldLine& line);

}  // namespace nightjar::api
