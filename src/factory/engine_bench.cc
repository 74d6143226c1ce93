// What a node costs in a run of ten and in a run of ten thousand, through engine and journal.
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "bench/report.h"
#include "factory/engine.h"
#include "store/sqlite/sqlite_journal.h"

namespace nightjar {
namespace {

using factory::NodeResult;

factory::NextAction pass(const workflow::Node&, const factory::RunView&) { return NodeResult{}; }

std::string chain(int nodes) {
  std::string dot =
      "digraph chain {\n  start [shape=Mdiamond, type=\"start\"]\n"
      "  exit [shape=Msquare, type=\"exit\"]\n";
  std::string edges = "  start";
  for (int i = 0; i < nodes; ++i) {
    dot += "  n" + std::to_string(i) + " [type=\"conditional\"]\n";
    edges += " -> n" + std::to_string(i);
  }
  return dot + edges + " -> exit\n}\n";
}

/// Seconds a node, over `runs` runs of `nodes` nodes on a fresh journal.
Result<double> seconds_per_node(int nodes, int runs) {
  std::string folder = "/tmp/nightjar-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return errno_error("make a folder", errno);
  TRY_INTO(const auto journal,
           store::open_sqlite_journal(folder + "/journal.db", store::OpenMode::read_write));
  const factory::HandlerTable handlers({{"conditional", pass}});
  const factory::Performers performers;
  const SystemClock clock;
  factory::RunCreated created;
  created.work = WorkId::make(1);
  created.project = ProjectId::make(1);
  created.graph_name = "chain.dot";
  created.graph_text = chain(nodes);
  created.budget = {
      .cpu_ms_max = 1, .wall_ms_max = 1'000'000, .nano_usd_max = 0, .attempts_max = 1};
  Result<> worked = ok;
  const double seconds = bench::seconds_of([&] {
    factory::Engine engine(*journal, clock, handlers, performers, {.workers = 1});
    for (int i = 0; i < runs && worked; ++i) {
      created.work = WorkId::make(i + 2);
      worked = engine.start(RunId::make(i + 1), created);
    }
    if (worked) worked = engine.work({});
  });
  TRY(remove_tree(folder));
  TRY(std::move(worked));
  return seconds / (static_cast<double>(nodes) * runs);
}

}  // namespace

void bench_engine(bench::Report& report) {
  report.ratio(
      {.name = "cost per node with journal, 10,000 nodes in one run",
       .floor = "10 nodes in one run",
       .unit = "us",
       .limit = bench::at_most(1.2),
       .rounds = 3},
      []() -> Result<double> {
        TRY_INTO(const double seconds, seconds_per_node(10, 50));
        return seconds * 1e6;
      },
      []() -> Result<double> {
        TRY_INTO(const double seconds, seconds_per_node(10'000, 1));
        return seconds * 1e6;
      });
}

}  // namespace nightjar
