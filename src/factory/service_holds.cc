// Holds: the part of the service behind `nightjar hold`, `lift`, `holds`. No lock of the data
// directory is taken: a hold has to come through while another process works.
#include "base/bytes.h"
#include "base/clock.h"
#include "factory/local_service.h"
#include "govern/holds.h"

namespace nightjar::factory {
namespace {

std::string scope_text(const govern::HoldScope& scope) {
  if (const auto* project = std::get_if<ProjectId>(&scope)) return "project " + project->str();
  if (const auto* run = std::get_if<RunId>(&scope)) return "run " + run->str();
  return "everything";
}

api::HoldLine line_of(const govern::Hold& hold) {
  return {.name = hold.name,
          .scope = scope_text(hold.scope),
          .reason = hold.reason,
          .who = hold.who,
          .since = hold.since_utc_ns == 0 ? "" : rfc3339(hold.since_utc_ns),
          .damage = hold.damage};
}

}  // namespace

Result<api::HoldLine> LocalService::hold(const api::HoldRequest& request) {
  govern::Holds::Request wanted{.scope = govern::Everything{},
                                .reason = request.reason,
                                .who = request.who,
                                .at_utc_ns = clock_.utc_ns()};
  if (request.scope == api::HoldRequest::Scope::run) {
    TRY_INTO(wanted.scope, RunId::parse(request.run));
  } else if (request.scope == api::HoldRequest::Scope::project) {
    TRY_INTO(const repo::Repository repository, repo::Repository::open(request.folder));
    TRY_INTO(const std::string commit, repository.head_commit());
    TRY_INTO(wanted.scope, project_id(repository, commit, paths().projects_dir, clock_.utc_ns()));
  }
  TRY_INTO(const govern::Hold hold, govern::Holds(holds_dir()).place(wanted));
  return line_of(hold);
}

Result<> LocalService::lift(const std::string& name) {
  return govern::Holds(holds_dir()).lift(name);
}

Result<std::vector<api::HoldLine>> LocalService::holds() {
  TRY_INTO(const std::vector<govern::Hold> all, govern::Holds(holds_dir()).list());
  std::vector<api::HoldLine> lines;
  for (const govern::Hold& hold : all) lines.push_back(line_of(hold));
  return lines;
}

}  // namespace nightjar::factory
