#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attack.h"

int refused(const char* step) {
  printf("refused: %s: %s\n", step, strerror(errno));
  return 1;
}

int reached(long result, const char* call) {
  if (result < 0 && (errno == EPERM || errno == ENOSYS)) return refused(call);
  printf("%s reached the kernel: %ld %s\n", call, result, result < 0 ? strerror(errno) : "");
  return 0;
}

int main(int argc, char** argv) {
  const struct attack* tables[] = {file_attacks, process_attacks, network_attacks, kernel_attacks};
  for (unsigned i = 0; argc > 1 && i < sizeof tables / sizeof *tables; ++i) {
    for (const struct attack* attack = tables[i]; attack->name; ++attack) {
      if (strcmp(attack->name, argv[1]) == 0) return attack->run(argc - 2, argv + 2);
    }
  }
  fprintf(stderr, "no such attack\n");
  return 2;
}
