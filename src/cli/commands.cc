// The verbs. Each reads its words, asks the service, shows the reply, returns the exit status.
#include <array>
#include <charconv>
#include <cstdio>

#include "base/bytes.h"
#include "cli/command.h"
#include "cli/commands_hold.h"
#include "cli/commands_proof.h"
#include "cli/present.h"

namespace nightjar::cli {
namespace {

constexpr Option kJson{"--json", "", "one JSON object a line on stdout; the result comes last"};
constexpr std::size_t kRunsShownMax = 1000;

int finish_run(Invocation& invocation, const Result<api::RunReply>& reply) {
  if (!reply) return report_error(invocation, reply.error());
  print_summary(invocation.people, *reply);
  if (invocation.has("--json")) write_json(to_json(*reply));
  return status_for(reply->state);
}

int do_run(Invocation& invocation) {
  Progress progress(invocation.people);
  const api::RunRequest request{.folder = invocation.argument(0, "."),
                                .work_text = invocation.value("--work").value_or(""),
                                .engineer = invocation.value("--engineer"),
                                .engineer_command = invocation.value("--command")};
  return finish_run(invocation, invocation.service().run(
                                    request, listener_for(invocation, progress), invocation.stop));
}

int do_try(Invocation& invocation) {
  if (invocation.has("--list")) {
    for (const api::ExampleLine& line : invocation.service().examples()) {
      invocation.people.line("  " + line.name + "  " + line.summary);
    }
    return kSatisfied;
  }
  Progress progress(invocation.people);
  return finish_run(invocation, invocation.service().try_example(
                                    {.example = invocation.argument(0, "")},
                                    listener_for(invocation, progress), invocation.stop));
}

int do_resume(Invocation& invocation) {
  Progress progress(invocation.people);
  return finish_run(
      invocation, invocation.service().resume(invocation.arguments[0],
                                              listener_for(invocation, progress), invocation.stop));
}

std::optional<std::int64_t> seconds_to_ms(const std::string& text) {
  double seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!(seconds > 0) || seconds > 86'400) return std::nullopt;
  return static_cast<std::int64_t>(seconds * 1000);
}

void print_repair(Terminal& people, const api::RepairReply& reply) {
  const bool good = reply.verdict == "TESTED" || reply.verdict == "NOTHING_TO_DO";
  people.line("\n" + people.paint(good ? Colour::green : Colour::red, reply.verdict) + "  " +
              people.wrapped(printable_block(reply.why, 2000), 2));
  people.line("  visible scenarios satisfied: " + std::to_string(reply.scenarios.satisfied_before) +
              " before, " + std::to_string(reply.scenarios.satisfied_after) + " after, of " +
              std::to_string(reply.scenarios.total));
  if (reply.validation.total > 0) {
    people.line("  validation set: " + std::to_string(reply.validation.satisfied_after) + " of " +
                std::to_string(reply.validation.total));
  }
  people.line("  " + std::to_string(reply.candidates) + " candidates in " +
              human_duration_ms(reply.wall_ms));
  if (!reply.diff.empty()) print_diff(people, reply.diff, 200);
  if (reply.applied) people.line("  written to the working tree");
}

int do_repair(Invocation& invocation) {
  api::RepairRequest request{.folder = invocation.argument(0, "."), .timeout_ms = std::nullopt};
  if (const auto text = invocation.value("--timeout")) {
    request.timeout_ms = seconds_to_ms(*text);
    if (!request.timeout_ms) {
      return report_usage(invocation.problems,
                          "--timeout takes seconds, more than 0 and at most 86400, not \"" +
                              printable(*text, 40) + "\"",
                          nullptr);
    }
  }
  if (invocation.has("--apply")) request.write = api::RepairRequest::Write::working_tree;
  Progress progress(invocation.people);
  const Result<api::RepairReply> reply =
      invocation.service().repair(request, listener_for(invocation, progress), invocation.stop);
  if (!reply) return report_error(invocation, reply.error());
  print_repair(invocation.people, *reply);
  if (invocation.has("--json")) write_json(to_json(*reply));
  if (reply->machine_failed) return kMachineCannot;
  const bool good = reply->verdict == "TESTED" || reply->verdict == "NOTHING_TO_DO";
  return good ? kSatisfied : kNotSatisfied;
}

int do_scenario_check(Invocation& invocation) {
  const auto lines = invocation.service().scenarios(invocation.argument(0, "."));
  if (!lines) return report_error(invocation, lines.error());
  if (invocation.has("--json")) write_json(Json::object({{"scenarios", lines->size()}}));
  invocation.people.line("  " + std::to_string(lines->size()) + " scenarios are well formed");
  return kSatisfied;
}

int do_scenario_list(Invocation& invocation) {
  const auto lines = invocation.service().scenarios(invocation.argument(0, "."));
  if (!lines) return report_error(invocation, lines.error());
  for (const api::ScenarioLine& line : *lines) {
    if (invocation.has("--json")) {
      write_json(Json::object({{"scenario", line.name},
                               {"requirements", Json::strings(line.requirements)},
                               {"file", line.file},
                               {"line", line.line}}));
    } else {
      std::string head = "  " + join(line.requirements, ",");
      head.resize(std::max<std::size_t>(head.size() + 2, 12), ' ');
      invocation.people.line(head + invocation.people.wrapped(printable(line.name, 200), 12));
    }
  }
  return kSatisfied;
}

int do_scenario_run(Invocation& invocation) {
  Progress progress(invocation.people);
  const auto reply = invocation.service().run_scenarios(
      invocation.argument(0, "."), listener_for(invocation, progress), invocation.stop);
  if (!reply) return report_error(invocation, reply.error());
  Json rows = Json::array();
  int satisfied = 0;
  for (const api::ScenarioOutcome& outcome : reply->outcomes) {
    const bool good = outcome.trials > 0 && outcome.trials == outcome.trials_satisfied;
    satisfied += good ? 1 : 0;
    const Colour colour = good ? Colour::green : Colour::red;
    invocation.people.line(invocation.people.paint(colour, good ? "  ok  " : "  no  ") +
                           printable(outcome.name, 200) + (outcome.flaky ? "  (flaky)" : ""));
    if (!good) {
      invocation.people.line("      " + invocation.people.wrapped(outcome.failure, 6));
    }
    rows.push(Json::object({{"scenario", outcome.name},
                            {"trials", outcome.trials},
                            {"trials_satisfied", outcome.trials_satisfied},
                            {"flaky", outcome.flaky},
                            {"failure", outcome.failure}}));
  }
  invocation.people.line("\n  " + std::to_string(satisfied) + " of " +
                         std::to_string(reply->outcomes.size()) + " visible, " +
                         std::to_string(reply->holdouts_satisfied) + " of " +
                         std::to_string(reply->holdouts) + " sealed");
  if (reply->state != api::RunState::satisfied) {
    invocation.people.line("  " + invocation.people.wrapped(printable_block(reply->why, 2000), 2));
  }
  if (invocation.has("--json")) {
    write_json(Json::object({{"run", reply->run},
                             {"state", api::name_of(reply->state)},
                             {"built", reply->built},
                             {"scenarios", std::move(rows)},
                             {"holdout", Json::object({{"total", reply->holdouts},
                                                       {"satisfied", reply->holdouts_satisfied}})},
                             {"why", reply->why}}));
  }
  return status_for(reply->state);
}

int show_holdouts(Invocation& invocation, const Result<api::HoldoutReply>& reply) {
  if (!reply) return report_error(invocation, reply.error());
  for (const std::string& name : reply->sealed)
    invocation.people.line("  sealed  " + printable(name, 200));
  invocation.people.line(
      "  " + std::to_string(reply->total) + " sealed scenarios" +
      (reply->requirements.empty() ? "" : " on " + join(reply->requirements, ", ")));
  for (const std::string& path : reply->files_changed) {
    invocation.people.line("  changed " + printable(path, 200) +
                           ": commit it, so that runs no longer see the scenario");
  }
  if (invocation.has("--json")) {
    write_json(Json::object({{"sealed", Json::strings(reply->sealed)},
                             {"files_changed", Json::strings(reply->files_changed)},
                             {"total", reply->total},
                             {"requirements", Json::strings(reply->requirements)}}));
  }
  return kSatisfied;
}

int do_holdout_add(Invocation& invocation) {
  return show_holdouts(invocation, invocation.service().add_holdouts(
                                       {.folder = invocation.value("--project").value_or("."),
                                        .files = invocation.arguments}));
}

int do_holdout_list(Invocation& invocation) {
  return show_holdouts(
      invocation, invocation.service().list_holdouts(invocation.value("--project").value_or(".")));
}

int do_holdout_seal(Invocation& invocation) {
  int percent = 30;
  if (const auto text = invocation.value("--share")) {
    const std::string digits = text->ends_with('%') ? text->substr(0, text->size() - 1) : *text;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), percent);
    if (failure != std::errc{} || end != digits.data() + digits.size() || percent < 1 ||
        percent > 90) {
      return report_usage(invocation.problems,
                          "--share takes 1% to 90%, not \"" + printable(*text, 40) + "\"", nullptr);
    }
  }
  return show_holdouts(invocation, invocation.service().seal_holdouts(
                                       {.folder = invocation.value("--project").value_or("."),
                                        .share_percent = percent}));
}

int do_runs(Invocation& invocation) {
  const auto lines = invocation.service().runs(kRunsShownMax);
  if (!lines) return report_error(invocation, lines.error());
  if (!invocation.has("--json") && lines->empty()) {
    invocation.people.line("  no runs yet; `nightjar run` makes the first");
  }
  for (const api::RunLine& line : *lines) {
    if (invocation.has("--json")) {
      write_json(to_json(line));
      continue;
    }
    std::string state(api::name_of(line.state));
    state.resize(14, ' ');
    invocation.people.line("  " + line.run + "  " + state + printable(line.project, 24));
    if (!line.work.empty()) invocation.people.line("      " + printable(line.work, 70));
  }
  return kSatisfied;
}

int do_show(Invocation& invocation) {
  const auto details = invocation.service().show(invocation.arguments[0]);
  if (!details) return report_error(invocation, details.error());
  if (invocation.has("--json")) {
    for (const Json& event : details->events) write_json(event);
    write_json(to_json(details->reply));
    return kSatisfied;
  }
  Progress progress(invocation.people);
  for (const Json& event : details->events) progress.show(event);
  print_summary(invocation.people, details->reply);
  return kSatisfied;
}

int do_why(Invocation& invocation) {
  const auto steps = invocation.service().why(invocation.arguments[0]);
  if (!steps) return report_error(invocation, steps.error());
  for (const api::Explanation& step : *steps) {
    if (invocation.has("--json")) {
      write_json(to_json(step));
      continue;
    }
    Terminal& people = invocation.people;
    people.line(people.paint(Colour::dim, step.at.substr(11, 12)) + " " +
                people.wrapped(printable_block(step.what, 600), 13));
    if (!step.rule.empty()) {
      people.line("             because " + people.wrapped(printable_block(step.rule, 600), 21));
    }
    if (!step.others.empty()) {
      people.line("             else    " +
                  people.wrapped(printable(join(step.others, "; "), 600), 21));
    }
    if (step.cost.is_object()) people.line("             cost    " + cost_text(step.cost));
  }
  return kSatisfied;
}

int do_doctor(Invocation& invocation) {
  const auto checks = invocation.service().doctor();
  if (!checks) return report_error(invocation, checks.error());
  bool bad = false;
  for (const api::Check& check : *checks) {
    using State = api::Check::State;
    bad = bad || check.state == State::bad;
    if (invocation.has("--json")) {
      write_json(to_json(check));
      continue;
    }
    Terminal& people = invocation.people;
    const std::string mark = check.state == State::good     ? people.paint(Colour::green, "ok  ")
                             : check.state == State::weaker ? people.paint(Colour::yellow, "weak")
                                                            : people.paint(Colour::red, "bad ");
    std::string name = check.name;
    name.resize(std::max<std::size_t>(name.size() + 1, 14), ' ');
    people.line("  " + mark + " " + name + people.wrapped(check.found, 21));
    if (!check.advice.empty()) people.line(std::string(21, ' ') + people.wrapped(check.advice, 21));
  }
  return bad ? kMachineCannot : kSatisfied;
}

constexpr Option kProject{"--project", "DIR", "the project; without it, this folder"};

std::vector<Command> work_commands() {
  return {
      {"try",
       "[EXAMPLE]",
       0,
       1,
       "run the whole line on a built-in example",
       {kJson, {"--list", "", "list the examples"}},
       do_try},
      {"init",
       "[DIR]",
       0,
       1,
       "write a first nightjar.toml, spec and scenario",
       {{"--detect", "", "write what is found out about the project instead"}},
       do_init},
      {"run",
       "[DIR]",
       0,
       1,
       "find work, let an engineer do it, prove it, hand over a branch",
       {{"--work", "TEXT", "what is to be done, in words"},
        {"--engineer", "NAME", "reasoner or command; without it, the project's choice"},
        {"--command", "COMMAND", "the command engineer's command"},
        kJson},
       do_run},
      {"repair",
       "[DIR]",
       0,
       1,
       "the offline engineer alone: verdict and diff",
       {kJson,
        {"--timeout", "S", "stop after so many seconds"},
        {"--apply", "", "write the patch to the working tree"}},
       do_repair},
      {"scenario check",
       "[DIR]",
       0,
       1,
       "read the committed scenarios and say what is wrong",
       {kJson},
       do_scenario_check},
      {"scenario list", "[DIR]", 0, 1, "list the committed scenarios", {kJson}, do_scenario_list},
      {"scenario run",
       "[DIR]",
       0,
       1,
       "build the project and try every scenario",
       {kJson},
       do_scenario_run},
  };
}

std::vector<Command> holdout_commands() {
  return {
      {"holdout add",
       "FILE...",
       1,
       1000,
       "seal scenario files: engineers never see them",
       {kProject, kJson},
       do_holdout_add},
      {"holdout list", "", 0, 0, "count the sealed scenarios", {kProject, kJson}, do_holdout_list},
      {"holdout seal",
       "",
       0,
       0,
       "move a share of the visible scenarios out of sight",
       {kProject, {"--share", "30%", "how many of them"}, kJson},
       do_holdout_seal},
  };
}

std::vector<Command> record_commands() {
  return {
      {"runs", "", 0, 0, "list the runs, newest first", {kJson}, do_runs},
      {"show", "RUN", 1, 1, "show a run", {kJson}, do_show},
      {"why", "RUN", 1, 1, "explain each step of a run", {kJson}, do_why},
      {"resume", "RUN", 1, 1, "go on with a run that was interrupted", {kJson}, do_resume},
      {"doctor", "", 0, 0, "say what this machine can and cannot do", {kJson}, do_doctor},
  };
}

}  // namespace

const std::vector<Command>& command_table() {
  static const std::vector<Command> kTable = [] {
    std::vector<Command> table;
    for (const auto& part : {work_commands(), proof_commands(), holdout_commands(),
                             record_commands(), hold_commands()}) {
      table.insert(table.end(), part.begin(), part.end());
    }
    return table;
  }();
  return kTable;
}

}  // namespace nightjar::cli
