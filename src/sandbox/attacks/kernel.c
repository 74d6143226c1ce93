/* Calls that have no business in a sandbox: where most ways out of other sandboxes began. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define ATTACK(name) \
  static int name(int argc __attribute__((unused)), char** argv __attribute__((unused)))

ATTACK(io_uring) {
  char parameters[256] = {0};
  return reached(syscall(SYS_io_uring_setup, 4, parameters), "io_uring_setup");
}

ATTACK(new_user_namespace) { return unshare(CLONE_NEWUSER) == 0 ? 0 : refused("unshare"); }

ATTACK(clone_user_namespace) {
  const long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  if (pid < 0) return refused("clone");
  waitpid((pid_t)pid, 0, 0);
  return 0;
}

ATTACK(clone3_user_namespace) {
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  } arguments = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0};
  const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(0);
  if (pid < 0) return refused("clone3");
  waitpid((pid_t)pid, 0, 0);
  return 0;
}

ATTACK(mount_in_namespace) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return refused("unshare");
  return mount("tmpfs", "/tmp", "tmpfs", 0, 0) == 0 ? 0 : refused("mount");
}

ATTACK(mount_plainly) { return reached(mount("none", "/nonexistent", "nothing", 0, 0), "mount"); }

ATTACK(new_mount_api) { return reached(syscall(SYS_fsopen, "nothing", 0), "fsopen"); }
ATTACK(enter_namespace) { return reached(syscall(SYS_setns, -1, 0), "setns"); }
ATTACK(keyring) { return reached(syscall(SYS_keyctl, 0, -3, 0), "keyctl"); }
ATTACK(add_key) { return reached(syscall(SYS_add_key, "user", "nightjar", "x", 1, -2), "add_key"); }
ATTACK(load_bpf) {
  struct {
    uint32_t type, key_size, value_size, max_entries;
  } map = {2, 4, 4, 1};
  return reached(syscall(SYS_bpf, 0, &map, sizeof map), "bpf");
}
ATTACK(user_faults) { return reached(syscall(SYS_userfaultfd, 1), "userfaultfd"); }
ATTACK(perf_events) { return reached(syscall(SYS_perf_event_open, 0, 0, -1, -1, 0), "perf"); }
ATTACK(file_handles) {
  unsigned handle[2] = {0, 0};
  int mount_id = 0;
  return reached(syscall(SYS_name_to_handle_at, AT_FDCWD, "/", handle, &mount_id, 0), "handle");
}
ATTACK(open_handle) {
  return reached(syscall(SYS_open_by_handle_at, -1, 0, 0), "open_by_handle_at");
}
ATTACK(other_memory) {
  char from = 1;
  char to = 0;
  struct iovec local = {&to, 1};
  struct iovec remote = {&from, 1};
  return reached(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), "process_vm_readv");
}
ATTACK(steal_descriptor) { return reached(syscall(SYS_pidfd_getfd, -1, 0, 0), "pidfd_getfd"); }
ATTACK(other_personality) {
  return personality(ADDR_NO_RANDOMIZE) != -1 ? 0 : refused("personality");
}
ATTACK(load_kernel) { return reached(syscall(SYS_kexec_load, 0, 0, 0, ~0UL), "kexec_load"); }
ATTACK(load_module) { return reached(syscall(SYS_init_module, 0, 0, 0), "init_module"); }

/* Types a letter into the terminal that stdin may be. */
ATTACK(type_into_terminal) { return reached(ioctl(0, TIOCSTI, "x"), "TIOCSTI"); }
/* The kernel reads the low half of the request only. */
ATTACK(type_with_high_bits) {
  return reached(syscall(SYS_ioctl, 0, (1UL << 32) | TIOCSTI, "x"), "TIOCSTI");
}
ATTACK(paste_into_console) { return reached(ioctl(0, 0x541c, "x"), "TIOCLINUX"); }

/* The same kernel through the other door of the processor: 20 is getpid there, 39 would be mkdir.
 */
ATTACK(call_as_ia32) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
  printf("ia32 getpid: %ld\n", result);
  return result == getpid() ? 0 : 1;
#else
  return 1;
#endif
}

/* Numbers of the x32 interface: the filter's table does not speak of them. */
ATTACK(call_as_x32) { return reached(syscall(0x40000000L + 39), "x32 getpid"); }

const struct attack kernel_attacks[] = {{"io-uring", io_uring},
                                        {"unshare-user", new_user_namespace},
                                        {"clone-user", clone_user_namespace},
                                        {"clone3-user", clone3_user_namespace},
                                        {"mount-in-namespace", mount_in_namespace},
                                        {"mount", mount_plainly},
                                        {"fsopen", new_mount_api},
                                        {"setns", enter_namespace},
                                        {"keyctl", keyring},
                                        {"add-key", add_key},
                                        {"bpf", load_bpf},
                                        {"userfaultfd", user_faults},
                                        {"perf", perf_events},
                                        {"name-to-handle", file_handles},
                                        {"open-handle", open_handle},
                                        {"process-vm", other_memory},
                                        {"pidfd-getfd", steal_descriptor},
                                        {"personality", other_personality},
                                        {"kexec", load_kernel},
                                        {"module", load_module},
                                        {"tiocsti", type_into_terminal},
                                        {"tiocsti-high", type_with_high_bits},
                                        {"tioclinux", paste_into_console},
                                        {"ia32", call_as_ia32},
                                        {"x32", call_as_x32},
                                        {0, 0}};
