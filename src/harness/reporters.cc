#include "harness/reporters.h"

#include <string>

#include "base/file.h"
#include "harness/suite.h"

namespace nightjar::harness {

Result<> write_reporters(const std::string& host_dir) {
  if (path_exists(host_dir)) {
    return {ErrorCode::conflict, "the folder for the reporters exists: " + host_dir};
  }
  TRY(make_directories(host_dir, 0755));
  for (const ReporterFile& file : reporter_files()) {
    const std::string path = host_dir + "/" + std::string(file.path);
    TRY(make_directories(path.substr(0, path.rfind('/')), 0755));
    TRY(write_file_atomically(path, file.content, file.executable ? 0755 : 0644));
  }
  return ok;
}

}  // namespace nightjar::harness
