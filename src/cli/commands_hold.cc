#include "cli/commands_hold.h"

#include <pwd.h>
#include <unistd.h>

#include "base/bytes.h"

namespace nightjar::cli {
namespace {

std::string user_name() {
  const struct passwd* user = ::getpwuid(::getuid());
  return user == nullptr ? "uid " + std::to_string(::getuid()) : user->pw_name;
}

void show(Invocation& invocation, const api::HoldLine& line) {
  if (invocation.has("--json")) return write_json(to_json(line));
  invocation.people.line("  " + line.name + "  " + line.scope);
  const std::string text = line.damage.empty()
                               ? line.who + " since " + line.since + ": " + line.reason
                               : "cannot be read, so it holds everything: " + line.damage;
  invocation.people.line("      " + invocation.people.wrapped(printable(text, 2'000), 6));
}

int do_hold(Invocation& invocation) {
  using Scope = api::HoldRequest::Scope;
  const bool names_run = !invocation.arguments.empty();
  const bool names_project = invocation.value("--project").has_value();
  const int scopes = static_cast<int>(names_run) + static_cast<int>(names_project) +
                     static_cast<int>(invocation.has("--all"));
  if (scopes != 1 || !invocation.value("--reason")) {
    return report_usage(invocation.problems,
                        "hold takes a RUN, or --project DIR, or --all, and --reason TEXT", nullptr);
  }
  const auto reply =
      invocation.service().hold({.scope = names_run       ? Scope::run
                                          : names_project ? Scope::project
                                                          : Scope::everything,
                                 .run = invocation.argument(0, ""),
                                 .folder = invocation.value("--project").value_or(""),
                                 .reason = *invocation.value("--reason"),
                                 .who = user_name()});
  if (!reply) return report_error(invocation, reply.error());
  show(invocation, *reply);
  return kSatisfied;
}

int do_lift(Invocation& invocation) {
  const Result<> lifted = invocation.service().lift(invocation.arguments[0]);
  if (!lifted) return report_error(invocation, lifted.error());
  invocation.people.line("  lifted; `nightjar resume RUN` goes on with what it held");
  return kSatisfied;
}

int do_holds(Invocation& invocation) {
  const auto lines = invocation.service().holds();
  if (!lines) return report_error(invocation, lines.error());
  if (lines->empty() && !invocation.has("--json")) invocation.people.line("  nothing is held");
  for (const api::HoldLine& line : *lines) show(invocation, line);
  return kSatisfied;
}

}  // namespace

std::vector<Command> hold_commands() {
  constexpr Option kJson{"--json", "", "one JSON object a line on stdout"};
  return {
      {"hold",
       "[RUN]",
       0,
       1,
       "stop a run, a project or everything until the hold is lifted",
       {{"--project", "DIR", "everything of this project"},
        {"--all", "", "everything"},
        {"--reason", "TEXT", "why; shown to everybody who meets it"},
        kJson},
       do_hold},
      {"lift", "HOLD", 1, 1, "lift a hold", {}, do_lift},
      {"holds", "", 0, 0, "list what is held, and why", {kJson}, do_holds},
  };
}

}  // namespace nightjar::cli
