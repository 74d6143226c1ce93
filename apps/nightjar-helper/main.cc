// nightjar-helper: makes sandboxes for Nightjar. Started by it, never by a person: descriptor 3 is
// the launcher's end of the conversation in docs/formats/helper-protocol.md.
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "sandbox/inside/helper.h"
#include "sandbox/inside/walls.h"
#include "sandbox/launcher.h"

int main(int argc, char** argv) {
  using namespace nightjar::sandbox;
  struct stat info{};
  if (argc != 1 || ::fstat(kHelperSocketFd, &info) != 0 || !S_ISSOCK(info.st_mode)) {
    std::fputs("nightjar-helper is started by nightjar and does nothing by itself.\n", stderr);
    return 2;
  }
  inside::read_gaps(argv[0]);
  const int status = inside::serve_launcher(nightjar::UniqueFd(kHelperSocketFd));
  ::_exit(status);
}
