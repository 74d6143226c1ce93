// A git repository in a temporary folder, made by the git program with a clean environment. For
// tests. A failing git command ends the test with its output (it is the test's own mistake).
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::repo::testing {

/// A new folder below the system's temporary folder; deleted with everything in it at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct GitOutput {
  int exit_code = 0;
  std::string output;  // stdout and stderr
};
/// Runs git in `folder`; `input` is its standard input.
GitOutput run_git(const std::string& folder, const std::vector<std::string>& arguments,
                  std::string_view input = {});

/// Creates the folders on the way.
void write_text(const std::string& path, std::string_view content);
std::string read_text(const std::string& path);
/// Every file, link and folder below `folder` with its mode and content; for "nothing changed".
std::map<std::string, std::string> snapshot_of(const std::string& folder);

class ScratchRepository {
 public:
  explicit ScratchRepository(const std::vector<std::string>& init_arguments = {});

  const std::string& path() const { return path_; }
  std::string path_of(const std::string& file) const { return path_ + "/" + file; }
  void write(const std::string& file, std::string_view content) const {
    write_text(path_of(file), content);
  }
  /// The output of a command that must succeed, without the last newline.
  std::string git(const std::vector<std::string>& arguments, std::string_view input = {}) const;
  /// `git add -A` and a commit; returns its id.
  std::string commit_all(const std::string& message = "change") const;

 private:
  ScratchFolder folder_;
  std::string path_;
};

}  // namespace nightjar::repo::testing
