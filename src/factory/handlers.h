// What a node of each type does: pure functions from what the run knows to the next effect of the
// node, or to its end. Handlers return effects, they perform none.
//
// A new station type is a row in builtin_handlers() and a function beside it.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "event/effect.h"
#include "factory/run_view.h"

namespace nightjar::factory {

struct NodeResult {
  workflow::NodeOutcome outcome = workflow::NodeOutcome::success;
  std::string why{};          // one sentence for people
  std::string fingerprint{};  // of a failure: equal for equal failures; empty for a success
  std::map<std::string, std::string> context{};  // for the conditions of edges
  Json facts = Json::object();                   // for later nodes and for the reply
};
using NextAction = std::variant<event::Effect, NodeResult>;

/// Called when the node starts and after each of its effects settled (view.effects).
using Handler = NextAction (*)(const workflow::Node& node, const RunView& view);

class HandlerTable {
 public:
  explicit HandlerTable(std::map<std::string, Handler, std::less<>> rows)
      : rows_(std::move(rows)) {}
  Handler find(std::string_view type) const;  // nullptr: none
  std::vector<std::string> types() const;     // with "start" and "exit"

 private:
  std::map<std::string, Handler, std::less<>> rows_;
};

/// check, build, engineer, prove, branch, apply, conditional; those of handlers_proof.h.
const HandlerTable& builtin_handlers();

}  // namespace nightjar::factory
