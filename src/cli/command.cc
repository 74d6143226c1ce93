#include "cli/command.h"

#include <algorithm>
#include <cstdio>

#include "base/bytes.h"
#include "cli/version.h"

namespace nightjar::cli {
namespace {

constexpr Option kDataDir{"--data-dir", "DIR", "use this data directory"};
constexpr Option kHelp{"--help", "", "show this help"};

std::string usage_line(const Command& command) {
  std::string line = "nightjar " + std::string(command.name);
  if (!command.arguments.empty()) line += " " + std::string(command.arguments);
  return line;
}

std::string head_of(std::string_view name, std::string_view value) {
  return std::string(name) + (value.empty() ? "" : " ") + std::string(value);
}

/// Two columns: what is typed, and what it does.
void print_table(Terminal& out, const std::vector<std::pair<std::string, std::string_view>>& rows) {
  std::size_t width = 0;
  for (const auto& [head, summary] : rows) width = std::max(width, head.size());
  for (const auto& [head, summary] : rows) {
    out.line("  " + head + std::string(width + 2 - head.size(), ' ') +
             out.wrapped(summary, width + 4));
  }
}

void print_help(Terminal& out) {
  out.line("nightjar: work goes in, proven changes come out. Offline by default.\n");
  std::vector<std::pair<std::string, std::string_view>> rows;
  for (const Command& command : command_table()) {
    rows.emplace_back(head_of(command.name, command.arguments), command.summary);
  }
  print_table(out, rows);
  out.line(
      "\n`nightjar COMMAND --help` tells the options. Exit status: 0 satisfied,\n"
      "1 not satisfied, 2 wrong usage, 3 the project's files are wrong, 4 waits for\n"
      "a person, 5 budget exhausted, 6 this machine cannot.");
}

void print_help(Terminal& out, const Command& command) {
  out.line(usage_line(command) + (command.options.empty() ? "" : " [OPTIONS]"));
  out.line("  " + out.wrapped(command.summary, 2));
  std::vector<Option> options = command.options;
  options.push_back(kDataDir);
  options.push_back(kHelp);
  out.line("");
  std::vector<std::pair<std::string, std::string_view>> rows;
  for (const Option& option : options) {
    rows.emplace_back(head_of(option.name, option.value), option.help);
  }
  print_table(out, rows);
}

/// The command whose one or two words stand first; `used` says how many.
const Command* find_command(const std::vector<std::string>& words, std::size_t& used) {
  for (const std::size_t count : {std::size_t{2}, std::size_t{1}}) {
    if (words.size() < count) continue;
    const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
    for (const Command& command : command_table()) {
      if (command.name == name) {
        used = count;
        return &command;
      }
    }
  }
  return nullptr;
}

int unknown_command(Terminal& people, const std::vector<std::string>& words) {
  std::vector<std::string> names;
  std::vector<std::string> seconds;
  for (const Command& command : command_table()) {
    const std::vector<std::string> parts = split(command.name, ' ');
    names.push_back(std::string(command.name));
    names.push_back(parts[0]);
    if (parts.size() == 2 && parts[0] == words[0]) seconds.push_back(parts[1]);
  }
  if (!seconds.empty()) {
    return report_usage(
        people, "`" + printable(words[0], 40) + "` needs one of: " + join(seconds, ", "), nullptr);
  }
  const std::string nearest = nearest_name(words[0], names);
  return report_usage(people,
                      "unknown command \"" + printable(words[0], 40) + "\"" +
                          (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"),
                      nullptr);
}

/// Takes options and arguments apart. Returns what is wrong, or nothing.
std::string parse_words(const std::vector<std::string>& words, const Command& command,
                        Invocation& invocation) {
  std::vector<Option> known = command.options;
  known.push_back(kDataDir);
  known.push_back(kHelp);
  bool only_arguments = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_arguments || word == "-" || !word.starts_with("-")) {
      invocation.arguments.push_back(word);
      continue;
    }
    if (word == "--") {
      only_arguments = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto option = std::find_if(known.begin(), known.end(),
                                     [&](const Option& one) { return one.name == name; });
    if (option == known.end()) {
      std::vector<std::string> names;
      for (const Option& one : known) names.emplace_back(one.name);
      const std::string nearest = nearest_name(name, names);
      return "unknown option " + printable(name, 40) +
             (nearest.empty() ? "" : "; did you mean " + nearest + "?");
    }
    if (option->value.empty()) {
      if (equals != std::string::npos) return std::string(option->name) + " takes no value";
      invocation.options[name] = "";
    } else if (equals != std::string::npos) {
      invocation.options[name] = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      invocation.options[name] = words[++i];
    } else {
      return std::string(option->name) + " needs a value: " + std::string(option->value);
    }
  }
  if (invocation.has("--help")) return {};
  if (invocation.arguments.size() < command.arguments_min) {
    return "something is missing: " + std::string(command.arguments);
  }
  if (invocation.arguments.size() > command.arguments_max) {
    return "too many arguments: \"" + printable(invocation.arguments[command.arguments_max], 60) +
           "\"";
  }
  return {};
}

}  // namespace

std::optional<std::string> Invocation::value(std::string_view option) const {
  const auto found = options.find(option);
  if (found == options.end()) return std::nullopt;
  return found->second;
}

std::string Invocation::argument(std::size_t index, std::string_view fallback) const {
  return index < arguments.size() ? arguments[index] : std::string(fallback);
}

ExitStatus status_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_input:
    case ErrorCode::not_found: return kProjectWrong;
    case ErrorCode::denied: return kWaitsForPerson;
    default: return kMachineCannot;  // A spent budget is a run's state, not an error.
  }
}

ExitStatus status_for(api::RunState state) {
  switch (state) {
    case api::RunState::satisfied: return kSatisfied;
    case api::RunState::held:
    case api::RunState::waiting: return kWaitsForPerson;
    case api::RunState::exhausted: return kBudgetExhausted;
    case api::RunState::failed:
    case api::RunState::running:
    case api::RunState::interrupted: return kMachineCannot;
    case api::RunState::not_satisfied: return kNotSatisfied;
  }
  return kNotSatisfied;
}

void write_json(const Json& json) {
  std::printf("%s\n", json.dump().c_str());
  std::fflush(stdout);
}

int report_error(Invocation& invocation, const Error& error) {
  const ExitStatus status = status_for(error);
  const Terminal& look = invocation.problems;
  invocation.problems.line(look.paint(Colour::red, "nightjar: ") +
                           look.wrapped(printable_block(error.message, 4000), 10));
  if (invocation.has("--json")) {
    write_json(Json::object({{"error", Json::object({{"code", name_of(error.code)},
                                                     {"message", error.message},
                                                     {"exit", static_cast<int>(status)}})}}));
  }
  return status;
}

int report_usage(Terminal& people, const std::string& problem, const Command* command) {
  people.line("nightjar: " + people.wrapped(problem, 10));
  people.line(command == nullptr ? "`nightjar help` lists the commands."
                                 : "usage: " + usage_line(*command) + "; `nightjar " +
                                       std::string(command->name) + " --help` tells more.");
  return kWrongUsage;
}

int run_command_line(const std::vector<std::string>& words, const ServiceMaker& make_service,
                     std::stop_token stop) {
  Terminal out(stdout, look_of(stdout));
  Terminal problems(stderr, look_of(stderr));
  if (words.empty()) {
    print_help(problems);
    return kWrongUsage;
  }
  if (words[0] == "--version" || words[0] == "version") {
    out.line("nightjar " + std::string(kVersion));
    return kSatisfied;
  }
  if (words[0] == "help" || words[0] == "--help" || words[0] == "-h") {
    print_help(out);
    return kSatisfied;
  }
  std::size_t used = 0;
  const Command* command = find_command(words, used);
  if (command == nullptr) return unknown_command(problems, words);

  // With --json, stdout belongs to programs.
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  Terminal& people = json ? problems : out;
  std::unique_ptr<api::Service> service;
  Invocation invocation{.arguments = {},
                        .options = {},
                        .service = {},
                        .people = people,
                        .problems = problems,
                        .stop = stop};
  const std::string wrong = parse_words(
      {words.begin() + static_cast<std::ptrdiff_t>(used), words.end()}, *command, invocation);
  if (!wrong.empty()) return report_usage(problems, wrong, command);
  if (invocation.has("--help")) {
    print_help(out, *command);
    return kSatisfied;
  }
  invocation.service = [&]() -> api::Service& {
    if (!service) service = make_service(invocation.value("--data-dir"));
    return *service;
  };
  return command->function(invocation);
}

}  // namespace nightjar::cli
