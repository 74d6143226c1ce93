#include "harness/runners/script_words.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "harness/events.h"
#include "harness/reported.h"
#include "harness/session.h"

namespace nightjar::harness {

std::vector<std::string> words_of(const Suite& suite, const char* name) {
  std::vector<std::string> out;
  const auto at = suite.options.find(name);
  if (at == suite.options.end()) return out;
  std::istringstream words(at->second);
  for (std::string word; words >> word;) out.push_back(word);
  return out;
}

std::vector<std::string> kept_arguments(const Suite& suite,
                                        std::span<const std::string_view> dropped,
                                        std::span<const std::string_view> with_value) {
  const auto holds = [](std::span<const std::string_view> table, std::string_view word) {
    return std::ranges::find(table, word) != table.end();
  };
  std::vector<std::string> out;
  const std::vector<std::string> words = words_of(suite, "args");
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string name = words[i].substr(0, words[i].find('='));
    if (holds(with_value, name)) {
      if (name == words[i]) ++i;
    } else if (!holds(dropped, name)) {
      out.push_back(words[i]);
    }
  }
  return out;
}

std::string reporter_path(const char* name) { return std::string(kReportersPath) + "/" + name; }

Result<> read_v8_lines(sandbox::Sandbox& sandbox, const Workshop& workshop,
                       const SuiteRequest& request, SuiteRun& run, std::stop_token stop) {
  sandbox::Command command =
      command_in(workshop, request.suite, request.limits,
                 {"node", reporter_path("nightjar_v8_lines.cjs"), kV8Folder});
  command.report = sandbox::Command::Report::socket;
  command.report_bytes_max = kReportBytesMax;
  Orders orders = orders_of(request);
  orders.nonce = new_nonce();
  command.stdin_bytes = orders_json(orders);
  TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, stop));
  ReportEvents report = parse_events(outcome.report_bytes, orders.nonce);
  if (!outcome.succeeded() || !report.problem.empty() || !report.counted) {
    add_once(run.doubts, "the lines that ran could not be read (" + ending_of(outcome) + ")");
    return ok;
  }
  run.coverage = std::move(report.coverage);
  return ok;
}

}  // namespace nightjar::harness
