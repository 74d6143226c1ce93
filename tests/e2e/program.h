// Running programs and making repositories for end-to-end tests.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace nightjar::e2e {

struct Ended {
  int status = -1;  // exit status; 128 + signal
  std::string out;
  std::string err;

  /// The last line of stdout as JSON; null when it is none.
  Json last_json() const;
};

struct Program {
  std::vector<std::string> argv;
  std::string folder;                      // where it runs; empty: here
  std::map<std::string, std::string> env;  // added to a small fixed environment
};

/// Runs to the end, at most two minutes; then it is killed and the test fails.
Ended run_program(const Program& program);

/// Starts without waiting. Output goes to files that are thrown away.
pid_t start_program(const Program& program);

/// A folder of its own for one test; removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// One project in a git repository, and a data directory beside it.
class Bench {
 public:
  Bench();

  /// Copies a folder of the source tree into the repository.
  void copy(const std::string& source_folder, const std::string& target = ".");
  void write(const std::string& path, const std::string& content);
  std::string read(const std::string& path) const;
  /// `git init`, add everything, commit.
  void commit_all();
  std::string git(const std::vector<std::string>& words) const;

  /// Runs the real program with this bench's data directory.
  Ended nightjar(std::vector<std::string> words) const;
  Program nightjar_program(std::vector<std::string> words) const;

  std::string repository() const { return scratch_.path() + "/repository"; }
  std::string data() const { return scratch_.path() + "/data"; }
  const std::string& scratch() const { return scratch_.path(); }

 private:
  Scratch scratch_;
};

std::string source_dir();
/// Processes whose command line or environment names this text; this process is left out.
std::vector<std::string> processes_naming(const std::string& text);

}  // namespace nightjar::e2e
