// The benchmark program: `nightjar_bench [--list] [--publish FILE] [NAME]…`. Without a name it runs
// all. Exit 0: every row meets its limit; 1: a row misses; 2: wrong usage.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "bench/report.h"

namespace {

constexpr std::size_t kDocumentBytesMax = 1 << 20;

nightjar::Result<> publish(const std::string& path, const std::vector<nightjar::bench::Row>& rows) {
  TRY_INTO(const std::string document, nightjar::read_file(path, kDocumentBytesMax));
  TRY_INTO(const std::string changed,
           nightjar::bench::with_table(document, nightjar::bench::table_for_document(rows)));
  return nightjar::write_file_atomically(path, changed, 0644);
}

struct Request {
  std::vector<std::string> names;
  std::string publish_path;
  bool list = false;
  std::string usage_error;
};

Request parse(int argc, char** argv) {
  Request request;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--list") {
      request.list = true;
    } else if (word == "--publish" && i + 1 < argc) {
      request.publish_path = argv[++i];
    } else if (word.substr(0, 1) == "-") {
      request.usage_error = "no such option: " + std::string(word);
    } else {
      request.names.emplace_back(word);
    }
  }
  for (const std::string& name : request.names) {
    const auto& all = nightjar::bench::entries();
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const auto& e) { return e.name == name; });
    if (!known) request.usage_error = "no such benchmark: " + name + " (--list shows them)";
  }
  if (!request.publish_path.empty() && !request.names.empty()) {
    request.usage_error = "--publish takes all benchmarks, not single ones";
  }
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  const Request request = parse(argc, argv);
  if (!request.usage_error.empty()) {
    std::fprintf(stderr, "%s\n", request.usage_error.c_str());
    return 2;
  }
  nightjar::bench::Report report;
  for (const nightjar::bench::Entry& entry : nightjar::bench::entries()) {
    if (request.list) {
      std::printf("%s\n", entry.name);
      continue;
    }
    const auto& names = request.names;
    if (!names.empty() && std::find(names.begin(), names.end(), entry.name) == names.end())
      continue;
    std::fprintf(stderr, "%s …\n", entry.name);
    const std::size_t before = report.rows().size();
    entry.run(report);
    if (report.rows().size() == before) {
      report.failed(entry.name, {nightjar::ErrorCode::unavailable, "it reported no row"});
    }
  }
  if (request.list) return 0;
  const auto& rows = report.rows();
  std::printf("%s", nightjar::bench::table_for_terminal(rows).c_str());
  if (!request.publish_path.empty()) {
    if (const auto done = publish(request.publish_path, rows); !done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
      return 1;
    }
  }
  const auto missed =
      std::count_if(rows.begin(), rows.end(), [](const auto& row) { return !meets(row); });
  std::printf("%zu rows, %td missed\n", rows.size(), missed);
  return missed == 0 ? 0 : 1;
}
