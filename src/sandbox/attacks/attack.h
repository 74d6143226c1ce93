/* Programs that try to get out of a sandbox. Each returns 0 if it got through the wall it is about
   and 1 if it was refused. The test runs them outside, where they must get through, inside, where
   they must not, and inside with the one wall missing, where they must again. */
#ifndef NIGHTJAR_SANDBOX_ATTACK_H
#define NIGHTJAR_SANDBOX_ATTACK_H

struct attack {
  const char* name;
  int (*run)(int argc, char** argv);
};

extern const struct attack file_attacks[];
extern const struct attack process_attacks[];
extern const struct attack network_attacks[];
extern const struct attack kernel_attacks[];

/* Prints why, and returns 1. */
int refused(const char* step);
/* For a call made only to see whether it reaches the kernel's own checks: EPERM and ENOSYS are a
   filter's answers, anything else is the kernel's. */
int reached(long result, const char* call);

#endif
