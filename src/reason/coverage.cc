#include "reason/coverage.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "reason/c/instrument.h"
#include "reason/lines.h"
#include "reason/python/tracer.h"
#include "sandbox/tree.h"

namespace nightjar::reason {
namespace {

constexpr const char* kMarksPath = ".nightjar/marks";
constexpr const char* kTracerFolder = ".nightjar/python";
constexpr const char* kUserBase = ".nightjar/base";
constexpr std::uint32_t kHeaderBytes = 16;  // the last place; the rest is free
constexpr std::uint32_t kMapBytesMax = 16U << 20U;

// Where each file's lines begin in the mapping.
struct Layout {
  std::vector<std::uint32_t> base;
  std::vector<std::vector<int>> statement_line;
  std::uint32_t bytes = kHeaderBytes;
};

Layout layout_of(const std::vector<SourceFile>& files) {
  Layout layout;
  for (const SourceFile& file : files) {
    layout.base.push_back(layout.bytes);
    layout.statement_line.push_back(statement_lines(file.tree));
    layout.bytes += static_cast<std::uint32_t>(layout.statement_line.back().size());
  }
  return layout;
}

class Measurer {
 public:
  Measurer(sandbox::Launcher& launcher, const CoverageInput& input, std::stop_token stop)
      : launcher_(launcher),
        input_(input),
        stop_(std::move(stop)),
        layout_(layout_of(*input.files)) {}

  Result<Coverage> measure() {
    if (layout_.bytes > kMapBytesMax) {
      coverage_.why_not = "the sources have too many lines";
      return std::move(coverage_);
    }
    TRY_INTO(bool built, build(c::Depth::declarations_too));
    if (!built) {
      TRY_INTO(built, build(c::Depth::statements_only));
    }
    if (!built) {
      coverage_.why_not = "the sources do not build with marks";
      return std::move(coverage_);
    }
    TRY(install_tracer());
    bool any = false;
    for (const MeasuredScenario& one : input_.scenarios) {
      TRY_INTO(Spectrum spectrum, run(one));
      for (const auto& lines : spectrum.hits) {
        any = any || std::find(lines.begin(), lines.end(), 1) != lines.end();
      }
      coverage_.spectra.push_back(std::move(spectrum));
      if (stop_.stop_requested()) break;
    }
    coverage_.measured = any && coverage_.spectra.size() == input_.scenarios.size();
    if (!coverage_.measured) coverage_.why_not = "no scenario marked a line";
    return std::move(coverage_);
  }

 private:
  bool has(Language language) const {
    return std::any_of(input_.files->begin(), input_.files->end(),
                       [&](const SourceFile& file) { return file.tree.language() == language; });
  }

  Result<bool> build(c::Depth depth) {
    sandbox_.reset();
    TRY_INTO(sandbox_, launcher_.open(input_.spec));
    for (std::size_t at = 0; at < input_.files->size(); ++at) {
      const SourceFile& file = (*input_.files)[at];
      if (file.tree.language() != Language::c) continue;
      const std::string text = c::instrumented(file.tree, layout_.base[at], layout_.bytes, depth);
      TRY(sandbox::write_file_at(sandbox_->workspace_fd(), file.path, text,
                                 sandbox::FileMode::regular));
    }
    if (input_.build_command.empty()) return true;
    TRY_INTO(
        const sandbox::Outcome outcome,
        sandbox_->run(harness::shell_command(input_.build_command, input_.build_limits), stop_));
    coverage_.cpu_ms += outcome.cpu_ms;
    return outcome.succeeded();
  }

  Result<std::string> output_of(std::vector<std::string> argv,
                                std::map<std::string, std::string> env) {
    sandbox::Command command;
    command.argv = std::move(argv);
    command.env = std::move(env);
    command.wall_max = input_.build_limits.wall_max;
    command.cpu_max = input_.build_limits.cpu_max;
    command.output_bytes_max = 4096;
    TRY_INTO(sandbox::Outcome outcome, sandbox_->run(command, stop_));
    coverage_.cpu_ms += outcome.cpu_ms;
    return std::string(trim(outcome.stdout_bytes));
  }

  Result<> install_tracer() {
    TRY_INTO(workspace_, output_of({"/bin/pwd"}, {}));
    if (!has(Language::python)) return ok;
    const int folder = sandbox_->workspace_fd();
    const std::string source = python::tracer_source();
    TRY(sandbox::write_file_at(folder, std::string(kTracerFolder) + "/sitecustomize.py", source,
                               sandbox::FileMode::regular));
    // A step that sets PYTHONPATH itself is still traced through the user's site folder.
    TRY_INTO(const std::string site,
             output_of({"python3", "-c", "import site; print(site.getusersitepackages())"},
                       {{"PYTHONUSERBASE", workspace_ + "/" + kUserBase}}));
    if (!site.starts_with(workspace_ + "/")) return ok;
    return sandbox::write_file_at(folder, site.substr(workspace_.size() + 1) + "/usercustomize.py",
                                  source, sandbox::FileMode::regular);
  }

  Result<Spectrum> run(const MeasuredScenario& one) {
    TRY(sandbox_->begin_layer());
    TRY_INTO(workspace_, output_of({"/bin/pwd"}, {}));
    Result<Spectrum> spectrum = run_in_layer(one);
    TRY(sandbox_->end_layer());
    return spectrum;
  }

  Result<Spectrum> run_in_layer(const MeasuredScenario& one) {
    const std::string marks(layout_.bytes, '\0');
    TRY(sandbox::write_file_at(sandbox_->workspace_fd(), kMarksPath, marks,
                               sandbox::FileMode::regular));
    std::string table;
    for (std::size_t at = 0; at < input_.files->size(); ++at) {
      table += std::to_string(layout_.base[at]) + " " + workspace_ + "/" +
               (*input_.files)[at].path + "\n";
    }
    TRY(sandbox::write_file_at(sandbox_->workspace_fd(), std::string(kMarksPath) + ".files", table,
                               sandbox::FileMode::regular));
    sandbox::Outcome last;
    const std::vector<scenario::Step>& steps = one.scenario->steps;
    const std::size_t count =
        one.step_failed > 0 ? static_cast<std::size_t>(one.step_failed) : steps.size();
    for (std::size_t at = 0; at < std::min(count, steps.size()); ++at) {
      TRY_INTO(last, run_step(steps[at]));
    }
    const Result<std::string> map =
        sandbox::read_file_at(sandbox_->workspace_fd(), kMarksPath, kMapBytesMax);
    // A program that deleted the marks is no failure of the sandbox.
    return spectrum_of(one, map.value_or(marks), last);
  }

  Result<sandbox::Outcome> run_step(const scenario::Step& step) {
    for (const auto& [path, content] : step.files) {
      // As in a trial: a file that cannot be written is the program's doing.
      (void)sandbox::write_file_at(
          sandbox_->workspace_fd(), path, content,
          content.starts_with("#!") ? sandbox::FileMode::executable : sandbox::FileMode::regular);
    }
    sandbox::Command command;
    command.argv = step.argv;
    command.env = step.env;
    command.cwd = step.cwd;
    command.stdin_bytes = step.stdin_bytes;
    command.wall_max = input_.step_limits.wall_max;
    command.cpu_max = input_.step_limits.cpu_max;
    command.output_bytes_max = input_.step_limits.output_bytes_max;
    command.env["NIGHTJAR_COVERAGE"] = workspace_ + "/" + kMarksPath;
    command.env["PYTHONUSERBASE"] = workspace_ + "/" + kUserBase;
    command.env.insert(input_.spec.env.begin(), input_.spec.env.end());
    std::string& path = command.env["PYTHONPATH"];
    path = workspace_ + "/" + kTracerFolder + (path.empty() ? "" : ":" + path);
    TRY_INTO(sandbox::Outcome outcome, sandbox_->run(command, stop_));
    coverage_.cpu_ms += outcome.cpu_ms;
    return outcome;
  }

  Spectrum spectrum_of(const MeasuredScenario& one, const std::string& map,
                       const sandbox::Outcome& last) {
    Spectrum spectrum;
    spectrum.failed = one.failed;
    for (std::size_t file = 0; file < layout_.base.size(); ++file) {
      const std::vector<int>& owners = layout_.statement_line[file];
      std::vector<std::uint8_t> marked(owners.size(), 0);
      for (std::size_t line = 1; line < owners.size(); ++line) {
        const std::size_t at = layout_.base[file] + line;
        if (at >= map.size() || map[at] == 0 || owners[line] == 0) continue;
        marked[static_cast<std::size_t>(owners[line])] = 1;
      }
      std::vector<std::uint8_t> hits(owners.size(), 0);
      for (std::size_t line = 1; line < owners.size(); ++line) {
        hits[line] = marked[static_cast<std::size_t>(owners[line])];
      }
      spectrum.hits.push_back(std::move(hits));
    }
    if (one.failed) add_stack(map, last);
    return spectrum;
  }

  void add_stack(const std::string& map, const sandbox::Outcome& last) {
    std::vector<Place> stack = traceback_places(last.stderr_bytes, *input_.files);
    const bool died = last.ended != sandbox::Ended::exited || last.code > 128;
    if (stack.empty() && died && map.size() >= kHeaderBytes) {
      std::uint32_t place = 0;
      std::memcpy(&place, map.data(), sizeof(place));
      for (std::size_t file = 0; file < layout_.base.size(); ++file) {
        const std::size_t lines = layout_.statement_line[file].size();
        if (place < layout_.base[file] || place >= layout_.base[file] + lines) continue;
        stack.push_back({file, static_cast<int>(place - layout_.base[file])});
      }
    }
    if (!stack.empty()) coverage_.stacks.push_back(std::move(stack));
  }

  sandbox::Launcher& launcher_;
  const CoverageInput& input_;
  std::stop_token stop_;
  Layout layout_;
  Coverage coverage_;
  std::string workspace_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
};

}  // namespace

std::vector<Place> traceback_places(const std::string& text, const std::vector<SourceFile>& files) {
  std::vector<Place> places;
  for (const std::string& line : split_lines(text)) {
    static constexpr std::string_view kFile = "File \"";
    static constexpr std::string_view kLine = "\", line ";
    const std::size_t from = line.find(kFile);
    const std::size_t to = line.find(kLine);
    if (from == std::string::npos || to == std::string::npos || to < from) continue;
    const std::string path = line.substr(from + kFile.size(), to - from - kFile.size());
    const int number = std::atoi(line.c_str() + to + kLine.size());
    for (std::size_t file = 0; file < files.size(); ++file) {
      const std::string& own = files[file].path;
      const bool same = path == own || path.ends_with("/" + own) ||
                        (own.ends_with("/" + path) && path.find('/') == std::string::npos);
      if (!same || number <= 0) continue;
      places.insert(places.begin(), Place{file, number});
      break;
    }
  }
  return places;
}

Result<Coverage> measure_coverage(sandbox::Launcher& launcher, const CoverageInput& input,
                                  std::stop_token stop) {
  return Measurer(launcher, input, std::move(stop)).measure();
}

}  // namespace nightjar::reason
