/* Reaching processes that are not the sandbox's, and having more of them than allowed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

/* PID: of the host. */
static int signal_process(int argc, char** argv) {
  if (argc < 1) return 2;
  return kill(atoi(argv[0]), 0) == 0 ? 0 : refused("kill");
}

/* Processes of somebody else: all that are neither this one nor its parent's shell. */
static int see_processes(int argc, char** argv) {
  (void)argc;
  (void)argv;
  DIR* folder = opendir("/proc");
  if (!folder) return refused("/proc");
  for (struct dirent* entry; (entry = readdir(folder));) {
    const int pid = atoi(entry->d_name);
    if (pid > 0 && pid != getpid()) {
      printf("process %d\n", pid);
      return 0;
    }
  }
  errno = ENOENT;
  return refused("find a process");
}

static int trace_parent(int argc, char** argv) {
  (void)argc;
  (void)argv;
  /* Without PTRACE_ATTACH's stop: outside, the parent is the test. */
  if (ptrace(PTRACE_SEIZE, getppid(), 0, 0) != 0) return refused("trace the parent");
  ptrace(PTRACE_DETACH, getppid(), 0, 0);
  return 0;
}

/* COUNT: as many children at one time. */
static int fork_many(int argc, char** argv) {
  const int wanted = argc > 0 ? atoi(argv[0]) : 0;
  const pid_t parent = getpid();
  int made = 0;
  for (; made < wanted; ++made) {
    const pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) {
      /* Outside, nobody else would end it. */
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      alarm(20);
      if (getppid() == parent) pause();
      _exit(0);
    }
  }
  const int error_number = errno;
  printf("%d children\n", made);
  errno = error_number;
  return made == wanted ? 0 : refused("fork");
}

/* A set-user-ID program would be obeyed. */
static int gain_privileges(int argc, char** argv) {
  (void)argc;
  (void)argv;
  errno = EPERM;
  return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : refused("no_new_privs is set");
}

/* Any set of capabilities that is not empty. */
static int have_capabilities(int argc, char** argv) {
  (void)argc;
  (void)argv;
  FILE* file = fopen("/proc/self/status", "r");
  if (!file) return refused("/proc/self/status");
  char line[256];
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, "Cap", 3) == 0 && strtoull(line + 7, 0, 16) != 0) {
      printf("%s", line);
      return 0;
    }
  }
  errno = EPERM;
  return refused("all sets are empty");
}

const struct attack process_attacks[] = {{"signal", signal_process},
                                         {"see-processes", see_processes},
                                         {"trace-parent", trace_parent},
                                         {"fork-many", fork_many},
                                         {"privileges", gain_privileges},
                                         {"capabilities", have_capabilities},
                                         {0, 0}};
