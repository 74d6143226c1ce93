#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace nightjar {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr,
               "nightjar: internal error: CHECK(%s) failed at %s:%d\n"
               "Nothing that was recorded is lost. `nightjar runs` lists the runs, "
               "`nightjar resume RUN` goes on.\n",
               condition, file, line);
  std::abort();
}

}  // namespace nightjar
