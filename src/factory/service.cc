#include "factory/service.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

#include "agent/engineers.h"
#include "base/bytes.h"
#include "base/file.h"
#include "factory/conclude.h"
#include "factory/doctor.h"
#include "factory/embedded.h"
#include "factory/engine.h"
#include "factory/explain.h"
#include "factory/home.h"
#include "factory/intake.h"
#include "factory/local_service.h"
#include "factory/performers.h"
#include "factory/prove.h"
#include "factory/starter.h"
#include "govern/holdout.h"
#include "govern/holds.h"
#include "sandbox/launcher.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kDiffBytesMax = std::size_t{4} << 20;
constexpr std::chrono::milliseconds kLockSlice{200};  // how late a stop may be noticed
constexpr std::chrono::minutes kLockWaitMax{30};      // for another process to end its runs

}  // namespace

Result<std::string> builtin_graph(const std::string& name) {
  for (const EmbeddedFile& file : embedded_workflows()) {
    if (file.path == name) return std::string(file.content);
  }
  return {ErrorCode::not_found, "there is no built-in workflow " + name};
}

namespace {

Json event_json(const event::Envelope& envelope) {
  return Json::object({{"event", envelope.type},
                       {"run", envelope.run.str()},
                       {"run_seq", envelope.run_seq},
                       {"at", rfc3339(envelope.at_utc_ns)},
                       {"at_ms", envelope.at_utc_ns / 1'000'000},
                       {"payload", parse_json(envelope.payload).value_or(Json())}});
}

}  // namespace

void note(const api::Listener& listener, const std::string& text) {
  listener(Json::object({{"event", "note"}, {"text", text}}));
}

RunCreated created_from(const LoadedProject& project, const std::string& graph_name,
                        const std::string& graph_text, const sandbox::Walls& walls,
                        std::int64_t now_utc_ns) {
  RunCreated created;
  created.work = WorkId::make(now_utc_ns);
  created.project = project.id;
  created.project_name = project.config.name;
  created.top = project.repository.top();
  created.folder = project.repository.project_folder();
  created.base_commit = project.commit;
  created.graph_name = graph_name;
  created.graph_text = graph_text;
  created.engineer = "none";
  created.build_command = project.config.build_command;
  created.test_command = project.config.test_command;
  created.limits = project.effective.limits;
  created.budget = project.effective.budget;
  created.requirements = static_cast<std::int64_t>(project.requirements.size());
  created.scenarios = static_cast<std::int64_t>(project.scenarios.size());
  created.holdouts = static_cast<std::int64_t>(project.holdouts.scenarios.size());
  created.holdout_digest = project.holdouts.digest;
  created.walls = walls.standing;
  created.not_enforced = walls.not_enforced;
  return created;
}

namespace {

/// What is said before a run starts: what it will not look at, what was narrowed.
void say_first(const LoadedProject& project, const api::Listener& listener) {
  if (!project.dirty.empty()) {
    note(listener,
         "not committed, so not part of this run: " +
             join({project.dirty.begin(),
                   project.dirty.begin() + std::min<std::ptrdiff_t>(3, std::ssize(project.dirty))},
                  ", ") +
             (project.dirty.size() > 3 ? ", …" : ""));
  }
  for (const std::string& widened : project.effective.widened) {
    note(listener, "a project cannot widen the machine's limits: " + widened);
  }
}

}  // namespace

Result<api::InitReply> LocalService::init(const std::string& folder) {
  return write_starter_files(folder);
}

Result<api::RunReply> LocalService::run(const api::RunRequest& request,
                                        const api::Listener& listener, std::stop_token stop) {
  TRY_INTO(Factory factory, open_factory(listener, stop));
  TRY_INTO(const LoadedProject project, load(request.folder));
  say_first(project, listener);
  TRY_INTO(const std::string graph, builtin_graph("repair.dot"));
  RunCreated created =
      created_from(project, "repair.dot", graph, factory.launcher->walls(), clock_.utc_ns());
  TRY(add_proof_inputs(project, HoldoutStore(paths().holdouts_dir), created));
  created.work_text = request.work_text;
  created.engineer = request.engineer.value_or(project.config.engineer);
  created.engineer_command = request.engineer_command.value_or(project.config.engineer_command);
  if (request.engineer_command && !request.engineer) created.engineer = "command";
  TRY(agent::check_engineer(created.engineer, created.engineer_command));
  return drive(factory, RunId::make(clock_.utc_ns()), listener, stop, created);
}

Result<api::RunReply> LocalService::resume(const std::string& run, const api::Listener& listener,
                                           std::stop_token stop) {
  TRY_INTO(const RunId id, RunId::parse(run));
  TRY_INTO(Factory factory, open_factory(listener, stop));
  return drive(factory, id, listener, stop, std::nullopt);
}

Result<api::RepairReply> LocalService::repair(const api::RepairRequest& request,
                                              const api::Listener& listener, std::stop_token stop) {
  TRY_INTO(Factory factory, open_factory(listener, stop));
  TRY_INTO(const LoadedProject project, load(request.folder));
  say_first(project, listener);
  TRY_INTO(const std::string graph, builtin_graph("search.dot"));
  RunCreated created =
      created_from(project, "search.dot", graph, factory.launcher->walls(), clock_.utc_ns());
  created.engineer = "reasoner";
  created.applies_patch = request.write == api::RepairRequest::Write::working_tree;
  if (request.timeout_ms) {
    created.budget.wall_ms_max = std::min(created.budget.wall_ms_max, *request.timeout_ms);
  }
  const RunId id = RunId::make(clock_.utc_ns());
  TRY_INTO(const api::RunReply reply, drive(factory, id, listener, stop, created));
  TRY_INTO(const RunView view, replay(*factory.home.journal, id, builtin_handlers()));
  return repair_reply(view, reply);
}

Result<std::vector<api::ScenarioLine>> LocalService::scenarios(const std::string& folder) {
  TRY_INTO(const LoadedProject project, load(folder));
  std::vector<api::ScenarioLine> lines;
  for (const scenario::Scenario& one : project.scenarios) {
    lines.push_back({.name = one.name,
                     .requirements = one.requirements,
                     .file = one.file,
                     .line = one.line,
                     .holdout = false});
  }
  return lines;
}

Result<api::ScenarioRunReply> LocalService::run_scenarios(const std::string& folder,
                                                          const api::Listener& listener,
                                                          std::stop_token stop) {
  TRY_INTO(Factory factory, open_factory(listener, stop));
  TRY_INTO(const LoadedProject project, load(folder));
  say_first(project, listener);
  TRY_INTO(const std::string graph, builtin_graph("trials.dot"));
  const RunCreated created =
      created_from(project, "trials.dot", graph, factory.launcher->walls(), clock_.utc_ns());
  const RunId id = RunId::make(clock_.utc_ns());
  TRY_INTO(const api::RunReply reply, drive(factory, id, listener, stop, created));
  TRY_INTO(const RunView view, replay(*factory.home.journal, id, builtin_handlers()));
  return scenario_reply(view, reply);
}

Result<std::vector<api::Check>> LocalService::doctor() {
  return examine_machine({.settings = options_.settings, .helper_path = options_.helper_path});
}

IntakePaths LocalService::paths() const {
  return {.projects_dir = options_.settings.data_dir + "/projects",
          .holdouts_dir = options_.settings.data_dir + "/holdouts"};
}

Environments::Options LocalService::environment_options() const {
  const config::Settings& settings = options_.settings;
  Environments::Options out{
      .layers_dir = settings.data_dir + "/layers",
      .layers_bytes_max = static_cast<std::uint64_t>(settings.layers_bytes_max),
      .host = options_.host};
  out.host.toolchain_dirs = settings.toolchains;
  out.host.discover = settings.discover_toolchains;
  for (const config::ReadOnlyMount& mount : settings.mounts) {
    out.mounts.push_back({.host_path = mount.host_path, .inside_path = mount.inside_path});
  }
  return out;
}

Result<LoadedProject> LocalService::load(const std::string& folder) {
  return load_project(folder, options_.settings, paths());
}

Result<LocalService::Factory> LocalService::open_factory(const api::Listener& listener,
                                                         const std::stop_token& stop) {
  Factory factory;
  Result<std::unique_ptr<sandbox::Launcher>> launcher =
      sandbox::start_helper({.helper_path = options_.helper_path});
  if (!launcher) return {ErrorCode::unavailable, launcher.error().message};
  factory.launcher = *std::move(launcher);
  if (options_.settings.demand_enforced_totals && !factory.launcher->walls().not_enforced.empty()) {
    return {ErrorCode::unavailable,
            "this machine cannot enforce: " + join(factory.launcher->walls().not_enforced, "; ") +
                "; the configuration demands it ([sandbox] demand_enforced_totals)"};
  }
  if (options_.helper_started) std::exchange(options_.helper_started, nullptr)();
  TRY_INTO(factory.home, own_home(listener, stop));
  TRY(remove_tree(scratch_dir()));  // Nobody else owns the data directory: what is there is stale.
  return factory;
}

Result<Home> LocalService::own_home(const api::Listener& listener, const std::stop_token& stop) {
  const auto until = clock_.monotonic() + kLockWaitMax;
  bool said = false;
  while (true) {
    Result<Home> home = open_home(options_.settings.data_dir, HomeMode::owner, kLockSlice);
    if (home || home.error().code != ErrorCode::conflict) {
      if (!home && home.error().code == ErrorCode::exhausted) {
        return {ErrorCode::unavailable, home.error().message};
      }
      return home;
    }
    if (stop.stop_requested())
      return {ErrorCode::cancelled, "stopped while waiting: " + home.error().message};
    if (clock_.monotonic() > until) return home;
    if (!said) note(listener, "waiting for its turn: " + home.error().message);
    said = true;
    waited_ = true;
  }
}

namespace {

/// A hold that cannot be read holds.
HeldBy held_by(const std::string& folder) {
  return [folder](const RunId& run, const ProjectId& project) -> std::optional<std::string> {
    const auto found = govern::Holds(folder).find(run, project);
    if (!found) return "holds cannot be read: " + found.error().message;
    if (!*found) return std::nullopt;
    return govern::describe(**found) + "; `nightjar lift " + (*found)->name + "` lifts it";
  };
}

}  // namespace

Result<api::RunReply> LocalService::drive(Factory& factory, const RunId& id,
                                          const api::Listener& listener, std::stop_token stop,
                                          const std::optional<RunCreated>& created) {
  const HoldoutStore holdouts(paths().holdouts_dir);
  const Environments::Options environment = environment_options();
  Workspaces workspaces({.scratch_dir = scratch_dir(),
                         .layers_dir = environment.layers_dir,
                         .layers_bytes_max = environment.layers_bytes_max},
                        *factory.home.blobs, *factory.launcher);
  Environments environments(*factory.launcher, workspaces, environment);
  World world{.clock = clock_,
              .blobs = *factory.home.blobs,
              .launcher = *factory.launcher,
              .workspaces = workspaces,
              .holdouts = holdouts,
              .environments = environments,
              .journal = *factory.home.journal,
              .scratch_dir = scratch_dir(),
              .data_dir = options_.settings.data_dir,
              .version = options_.version};
  if (created) {
    // What cannot even be laid out is the project's to mend, before anything is recorded.
    TRY(workspaces.source(Json::object({{"top", created->top},
                                        {"folder", created->folder},
                                        {"commit", created->base_commit},
                                        {"changes", ""}})));
  }
  const Performers performers = make_performers(world);
  Result<> worked = ok;
  {
    Engine engine(*factory.home.journal, clock_, builtin_handlers(), performers,
                  {.workers = 2, .held_by = held_by(holds_dir())});
    Guarded<int> speaking;  // Events and progress come on different threads.
    engine.listen(
        [&](const event::Envelope& envelope) {
          speaking.with([&](int&) { listener(event_json(envelope)); });
        },
        [&](const RunId& run, const std::string& line) {
          speaking.with([&](int&) {
            listener(Json::object({{"event", "progress"}, {"run", run.str()}, {"text", line}}));
          });
        });
    worked = created ? engine.start(id, *created) : engine.resume(id);
    if (worked) worked = engine.work(stop);
  }
  if (Result<> removed = remove_tree(scratch_dir()); !removed) {
    note(listener, "scratch files are left: " + removed.error().message);
  }
  if (!worked && worked.error().code != ErrorCode::cancelled) return worked.error();
  return reply_from_journal(factory.home, id);
}

Result<api::RunReply> LocalService::reply_from_journal(const Home& home, const RunId& id) {
  TRY_INTO(const RunView view, replay(*home.journal, id, builtin_handlers()));
  api::RunReply reply = reply_of(view);
  if (const Json* engineer = view.facts_of("engineer")) {
    const std::string name = engineer->string_or("diff", "");
    if (!name.empty()) {
      TRY_INTO(const Digest digest, parse_digest(name));
      // A diff too large to show is still in the branch.
      reply.diff = home.blobs->get(digest, kDiffBytesMax).value_or("");
    }
  }
  return reply;
}

api::RepairReply LocalService::repair_reply(const RunView& view, const api::RunReply& reply) {
  api::RepairReply out;
  out.run = reply.run;
  out.verdict = reply.verdict.empty() ? "CANNOT" : reply.verdict;
  out.why = reply.why;
  out.diff = reply.diff;
  out.scenarios = reply.visible;
  out.validation = reply.validation;
  out.wall_ms = view.ledger.spent().wall_ms;
  out.state = reply.state;
  out.machine_failed = reply.machine_failed;
  if (const Json* engineer = view.facts_of("engineer")) {
    out.files = engineer->get_strings("files").value_or({});
    out.candidates = engineer->int_or("candidates", 0);
  }
  const auto applied = view.outcomes.find("apply");
  out.applied = view.created.applies_patch && !out.diff.empty() && applied != view.outcomes.end() &&
                applied->second == "success";
  if (out.verdict == "NOT_SATISFIED") out.verdict = "NOT_FOUND";
  return out;
}

api::ScenarioRunReply LocalService::scenario_reply(const RunView& view,
                                                   const api::RunReply& reply) {
  api::ScenarioRunReply out;
  out.run = reply.run;
  out.state = reply.state;
  out.why = reply.why;
  out.holdouts = reply.holdout.total;
  out.holdouts_satisfied = reply.holdout.satisfied_after;
  out.machine_failed = reply.machine_failed;
  const Json* build = view.facts_of("build");
  if (build == nullptr) return out;
  out.built = build->bool_or("built", false);
  if (const Json* visible = build->find("visible")) {
    for (const Json& row : visible->as_array()) {
      out.outcomes.push_back(
          {.name = row.string_or("name", ""),
           .trials = static_cast<int>(row.int_or("trials", 0)),
           .trials_satisfied = static_cast<int>(row.int_or("trials_satisfied", 0)),
           .flaky = row.bool_or("flaky", false),
           .failure = row.string_or("failure", "")});
    }
  }
  return out;
}

namespace {

/// Names and requirement ids of a project's sealed scenarios.
api::HoldoutReply holdout_reply(const Holdouts& holdouts) {
  api::HoldoutReply reply;
  reply.total = static_cast<int>(holdouts.scenarios.size());
  std::set<std::string> ids;
  for (const scenario::Scenario& one : holdouts.scenarios) {
    ids.insert(one.requirements.begin(), one.requirements.end());
  }
  reply.requirements.assign(ids.begin(), ids.end());
  return reply;
}

}  // namespace

Result<api::HoldoutReply> LocalService::add_holdouts(const api::HoldoutAddRequest& request) {
  TRY_INTO(const Home home, open_home(options_.settings.data_dir, HomeMode::owner, kLockWaitMax));
  // Unchecked: a scenario that is tagged `holdout` in the tree is what this verb mends.
  TRY_INTO(const LoadedProject project, load_unchecked(request.folder, options_.settings, paths()));
  HoldoutStore store(paths().holdouts_dir);
  std::vector<std::string> added;
  for (const std::string& path : request.files) {
    TRY_INTO(const std::string yaml, read_file(path, scenario::kFileBytesMax));
    TRY_INTO(const auto scenarios, scenario::parse_scenarios(yaml, path));
    scenario::Known known;
    for (const auto& requirement : project.requirements)
      known.requirement_ids.push_back(requirement.id);
    for (scenario::Scenario one : scenarios) {
      std::erase(one.tags, "holdout");  // Here the tag is at its place.
      TRY(scenario::check_library({one}, known));
      added.push_back(one.name);
    }
    TRY(store.add(project.id, yaml, path));
  }
  TRY_INTO(const Holdouts holdouts, store.load(project.id));
  api::HoldoutReply reply = holdout_reply(holdouts);
  reply.sealed = std::move(added);
  return reply;
}

Result<api::HoldoutReply> LocalService::list_holdouts(const std::string& folder) {
  TRY_INTO(const repo::Repository repository, repo::Repository::open(folder));
  TRY_INTO(const std::string commit, repository.head_commit());
  TRY_INTO(const ProjectId id,
           project_id(repository, commit, paths().projects_dir, clock_.utc_ns()));
  TRY_INTO(const Holdouts holdouts, HoldoutStore(paths().holdouts_dir).load(id));
  return holdout_reply(holdouts);
}

Result<api::HoldoutReply> LocalService::seal_holdouts(const api::HoldoutSealRequest& request) {
  TRY_INTO(const Home home, open_home(options_.settings.data_dir, HomeMode::owner, kLockWaitMax));
  TRY_INTO(const LoadedProject project, load(request.folder));
  std::vector<govern::HoldoutCandidate> candidates;
  std::set<std::string> files;
  for (const scenario::Scenario& one : project.scenarios) {
    candidates.push_back({.name = one.name, .requirements = one.requirements});
    files.insert(one.file);
  }
  const std::vector<std::string> chosen =
      govern::choose_holdouts(candidates, request.share_percent);
  HoldoutStore store(paths().holdouts_dir);
  api::HoldoutReply reply;
  for (const std::string& file : files) {
    const std::string path = request.folder + "/" + file;
    TRY_INTO(const std::string yaml, read_file(path, scenario::kFileBytesMax));
    TRY_INTO(const PartedFile parted, take_scenarios(yaml, file, chosen));
    if (parted.taken_names.empty()) continue;
    // Sealed before it leaves the tree: a crash between leaves a copy, never a loss.
    TRY(store.add(project.id, parted.taken, file));
    if (trim(parted.kept).empty()) {
      TRY(remove_tree(path));
    } else {
      TRY(write_file_atomically(path, parted.kept, 0644));
    }
    reply.files_changed.push_back(file);
    reply.sealed.insert(reply.sealed.end(), parted.taken_names.begin(), parted.taken_names.end());
  }
  TRY_INTO(const Holdouts holdouts, store.load(project.id));
  const api::HoldoutReply all = holdout_reply(holdouts);
  reply.total = all.total;
  reply.requirements = all.requirements;
  return reply;
}

Result<std::vector<api::RunLine>> LocalService::runs(std::size_t count_max) {
  if (!path_exists(options_.settings.data_dir + "/format")) return std::vector<api::RunLine>{};
  TRY_INTO(const Home home, open_home(options_.settings.data_dir, HomeMode::reader));
  TRY_INTO(const std::vector<store::RunHead> heads, home.journal->runs(count_max));
  std::vector<api::RunLine> lines;
  for (const store::RunHead& head : heads) {
    api::RunLine line;
    line.run = head.run.str();
    const Result<RunView> view = replay(*home.journal, head.run, builtin_handlers());
    if (!view) {
      line.state = api::RunState::failed;
      line.work = "damaged: " + view.error().message;
      lines.push_back(std::move(line));
      continue;
    }
    const api::RunReply reply = reply_of(*view);
    line.project = view->created.project_name;
    line.work = view->created.work_text;
    line.state = reply.state;
    const bool advances =
        home.owned_since_utc_ns != 0 && view->last_at_utc_ns >= home.owned_since_utc_ns;
    if (line.state == api::RunState::interrupted && advances) {
      line.state = api::RunState::running;
    }
    line.branch = reply.branch;
    line.started_at = rfc3339(view->started_at_utc_ns);
    lines.push_back(std::move(line));
  }
  return lines;
}

namespace {

Result<std::vector<event::Envelope>> events_of(const Home& home, const RunId& id) {
  std::vector<event::Envelope> events;
  TRY(home.journal->read_run(id, 1, [&](const event::Envelope& envelope) -> Result<> {
    events.push_back(envelope);
    return ok;
  }));
  return events;
}

}  // namespace

Result<api::RunDetails> LocalService::show(const std::string& run) {
  TRY_INTO(const RunId id, RunId::parse(run));
  TRY_INTO(const Home home, open_home(options_.settings.data_dir, HomeMode::reader));
  api::RunDetails details;
  TRY_INTO(details.reply, reply_from_journal(home, id));
  TRY_INTO(const std::vector<event::Envelope> events, events_of(home, id));
  for (const event::Envelope& envelope : events) details.events.push_back(event_json(envelope));
  return details;
}

Result<std::vector<api::Explanation>> LocalService::why(const std::string& run) {
  TRY_INTO(const RunId id, RunId::parse(run));
  TRY_INTO(const Home home, open_home(options_.settings.data_dir, HomeMode::reader));
  TRY_INTO(const std::vector<event::Envelope> events, events_of(home, id));
  if (events.empty()) {
    return {ErrorCode::not_found,
            "there is no run " + run + "; `nightjar runs` lists those that exist"};
  }
  return explain(events);
}

std::vector<api::ExampleLine> LocalService::examples() {
  std::vector<api::ExampleLine> lines;
  for (const EmbeddedFile& file : embedded_examples()) {
    const std::vector<std::string> parts = split(file.path, '/');
    if (parts.size() != 3 || parts[1] != "project" || parts[2] != "README.md") continue;
    const std::vector<std::string> text = split_lines(file.content);
    std::string summary;
    for (const std::string& line : text) {
      if (!line.empty() && !line.starts_with("#") && summary.empty()) summary = line;
    }
    lines.push_back({.name = parts[0], .summary = summary});
  }
  return lines;
}

Result<api::RunReply> LocalService::try_example(const api::TryRequest& request,
                                                const api::Listener& listener,
                                                std::stop_token stop) {
  const std::vector<api::ExampleLine> known = examples();
  std::vector<std::string> names;
  for (const api::ExampleLine& line : known) names.push_back(line.name);
  const std::string name =
      request.example.empty() && !names.empty() ? names.front() : request.example;
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    return {ErrorCode::invalid_input,
            "there is no example \"" + printable(name, 60) + "\"; there are: " + join(names, ", ")};
  }
  std::string folder = options_.scratch_parent + "/nightjar-" + name + "-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return errno_error("create a scratch folder", errno);
  std::string sealed_folder = options_.scratch_parent + "/nightjar-sealed-XXXXXX";
  if (::mkdtemp(sealed_folder.data()) == nullptr)
    return errno_error("create a scratch folder", errno);
  std::vector<std::string> sealed;
  for (const EmbeddedFile& file : embedded_examples()) {
    const std::string project = name + "/project/";
    const std::string holdouts = name + "/holdouts/";
    std::string target;
    if (file.path.starts_with(project)) {
      target = folder + "/" + std::string(file.path.substr(project.size()));
    } else if (file.path.starts_with(holdouts)) {
      // Beside the repository only until they are sealed.
      target = sealed_folder + "/" + std::string(file.path.substr(holdouts.size()));
      sealed.push_back(target);
    } else {
      continue;
    }
    TRY(make_directories(std::filesystem::path(target).parent_path().string(), 0755));
    TRY(write_file_atomically(target, file.content, file.executable ? 0755 : 0644));
  }
  TRY(repo::create_repository(folder, "Start of " + name, clock_.utc_ns()));
  note(listener, "example " + name + " in " + folder);
  if (!sealed.empty()) TRY(add_holdouts({.folder = folder, .files = sealed}));
  TRY(remove_tree(sealed_folder));
  return run({.folder = folder, .work_text = {}, .engineer = {}, .engineer_command = {}}, listener,
             stop);
}

std::unique_ptr<api::Service> open_service(ServiceOptions options) {
  return std::make_unique<LocalService>(std::move(options));
}

}  // namespace nightjar::factory
