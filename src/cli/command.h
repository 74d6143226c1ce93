// The one table of commands: it makes parsing and --help.
//
// A new verb is a row in command_table() and a function beside it (commands_*.cc).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "api/service.h"
#include "cli/terminal.h"

namespace nightjar::cli {

/// Exit statuses, documented in docs/cli.md.
enum ExitStatus : int {
  kSatisfied = 0,
  kNotSatisfied = 1,
  kWrongUsage = 2,
  kProjectWrong = 3,
  kWaitsForPerson = 4,
  kBudgetExhausted = 5,
  kMachineCannot = 6,
};

struct Option {
  std::string_view name;   // "--engineer"
  std::string_view value;  // "NAME"; empty: a switch
  std::string_view help;
};

struct Invocation {
  std::vector<std::string> arguments;
  std::map<std::string, std::string, std::less<>> options;  // a switch has the value ""
  std::function<api::Service&()> service;                   // made at the first call
  Terminal& people;    // stdout, or stderr when stdout belongs to --json
  Terminal& problems;  // stderr
  std::stop_token stop;

  bool has(std::string_view option) const { return options.find(option) != options.end(); }
  std::optional<std::string> value(std::string_view option) const;
  /// The n-th argument, or the fallback.
  std::string argument(std::size_t index, std::string_view fallback) const;
};

struct Command {
  std::string_view name;       // "scenario run"
  std::string_view arguments;  // "[DIR]"
  std::size_t arguments_min;
  std::size_t arguments_max;
  std::string_view summary;  // one line
  std::vector<Option> options;
  int (*function)(Invocation&);
};

const std::vector<Command>& command_table();

using ServiceMaker =
    std::function<std::unique_ptr<api::Service>(const std::optional<std::string>& data_dir)>;

/// The whole command line; `words` without the program's name.
int run_command_line(const std::vector<std::string>& words, const ServiceMaker& make_service,
                     std::stop_token stop);

/// Says what went wrong and what to do, in both forms, and returns the status for it.
int report_error(Invocation& invocation, const Error& error);
int report_usage(Terminal& people, const std::string& problem, const Command* command);
ExitStatus status_for(const Error& error);
ExitStatus status_for(api::RunState state);

/// Writes one line of JSON to stdout.
void write_json(const Json& json);

}  // namespace nightjar::cli
