// How runs look to people: one line a node while it works, one screen at the end.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "api/service.h"
#include "cli/command.h"
#include "cli/terminal.h"

namespace nightjar::cli {

/// Turns the service's events into lines. Off a terminal: one line a node, when it ended.
class Progress {
 public:
  explicit Progress(Terminal& people) : people_(people) {}
  void show(const Json& event);

 private:
  void show_node_finished(const Json& payload, std::int64_t at_ms);

  Terminal& people_;
  std::map<std::string, std::int64_t> started_at_ms_;
};

/// Sends the service's events to `progress`, and to stdout where --json asks for them.
api::Listener listener_for(Invocation& invocation, Progress& progress);

enum class Detail { screen, all };
void print_proof(Terminal& people, const api::ProveReply& reply, Detail detail);
void print_summary(Terminal& people, const api::RunReply& reply);
void print_diff(Terminal& people, const std::string& diff, std::size_t lines_max);
std::string cost_text(const Json& cost);

}  // namespace nightjar::cli
