#include "sandbox/inside/filter.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>

#include "base/file.h"

namespace nightjar::sandbox::inside {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "The sandbox knows the system calls of x86-64 and AArch64 only."
#endif

constexpr std::uint32_t kX32Bit = 0x40000000;
constexpr std::size_t kNumbersEnd = 512;

enum class Verdict : std::uint8_t {
  refuse,  // EPERM: known, and not for code in a sandbox
  absent,  // ENOSYS: the C library falls back to an older call, or the number is newer than us
  allow,
  clone,       // no new namespaces
  socket,      // the internet, local sockets and the routing table of the empty network
  socketpair,  // local sockets
  ioctl,       // nothing that types into a terminal
  personality  // the default one
};
using Table = std::array<Verdict, kNumbersEnd>;

// Numbers younger than the headers we build with. The same on every architecture.
constexpr int kCachestat = 451;
constexpr int kFchmodat2 = 452;
constexpr int kFutexWake = 454;
constexpr int kFutexWait = 455;
constexpr int kFutexRequeue = 456;
constexpr int kMseal = 462;

void set(Table& table, Verdict verdict, std::initializer_list<int> numbers) {
  for (const int number : numbers) table.at(static_cast<std::size_t>(number)) = verdict;
}

void allow_files(Table& table) {
  set(table, Verdict::allow,
      {SYS_read,
       SYS_write,
       SYS_openat,
       SYS_openat2,
       SYS_close,
       SYS_close_range,
       SYS_fstat,
       SYS_lseek,
       SYS_pread64,
       SYS_pwrite64,
       SYS_readv,
       SYS_writev,
       SYS_preadv,
       SYS_pwritev,
       SYS_preadv2,
       SYS_pwritev2,
       SYS_sendfile,
       SYS_copy_file_range,
       SYS_splice,
       SYS_tee,
       SYS_newfstatat,
       SYS_statx,
       SYS_statfs,
       SYS_fstatfs,
       SYS_faccessat,
       SYS_faccessat2,
       SYS_readlinkat,
       SYS_getdents64,
       SYS_getcwd,
       SYS_chdir,
       SYS_fchdir,
       SYS_mkdirat,
       SYS_mknodat,
       SYS_unlinkat,
       SYS_symlinkat,
       SYS_linkat,
       SYS_renameat,
       SYS_renameat2,
       SYS_truncate,
       SYS_ftruncate,
       SYS_fallocate,
       SYS_fadvise64,
       SYS_readahead,
       SYS_fsync,
       SYS_fdatasync,
       SYS_sync,
       SYS_syncfs,
       SYS_sync_file_range,
       SYS_fchmod,
       SYS_fchmodat,
       kFchmodat2,
       SYS_fchown,
       SYS_fchownat,
       SYS_utimensat,
       SYS_umask,
       SYS_fcntl,
       SYS_flock,
       SYS_dup,
       SYS_dup3,
       SYS_pipe2,
       SYS_setxattr,
       SYS_lsetxattr,
       SYS_fsetxattr,
       SYS_getxattr,
       SYS_lgetxattr,
       SYS_fgetxattr,
       SYS_listxattr,
       SYS_llistxattr,
       SYS_flistxattr,
       SYS_removexattr,
       SYS_lremovexattr,
       SYS_fremovexattr,
       SYS_inotify_init1,
       SYS_inotify_add_watch,
       SYS_inotify_rm_watch,
       SYS_memfd_create,
       kCachestat});
}

void allow_waiting(Table& table) {
  set(table, Verdict::allow,
      {SYS_ppoll,
       SYS_pselect6,
       SYS_epoll_create1,
       SYS_epoll_ctl,
       SYS_epoll_pwait,
       SYS_epoll_pwait2,
       SYS_eventfd2,
       SYS_signalfd4,
       SYS_timerfd_create,
       SYS_timerfd_settime,
       SYS_timerfd_gettime,
       SYS_nanosleep,
       SYS_clock_nanosleep,
       SYS_clock_gettime,
       SYS_clock_getres,
       SYS_gettimeofday,
       SYS_getitimer,
       SYS_setitimer,
       SYS_timer_create,
       SYS_timer_settime,
       SYS_timer_gettime,
       SYS_timer_getoverrun,
       SYS_timer_delete,
       SYS_futex,
       SYS_futex_waitv,
       kFutexWake,
       kFutexWait,
       kFutexRequeue,
       SYS_set_robust_list,
       SYS_get_robust_list,
       SYS_restart_syscall,
       SYS_membarrier,
       SYS_rseq});
}

void allow_memory(Table& table) {
  set(table, Verdict::allow,
      {SYS_brk,
       SYS_mmap,
       SYS_munmap,
       SYS_mremap,
       SYS_mprotect,
       SYS_madvise,
       SYS_msync,
       SYS_mincore,
       SYS_mlock,
       SYS_mlock2,
       SYS_munlock,
       SYS_mlockall,
       SYS_munlockall,
       kMseal,
       SYS_pkey_alloc,
       SYS_pkey_free,
       SYS_pkey_mprotect,
       SYS_mbind,
       SYS_set_mempolicy,
       SYS_get_mempolicy,
       SYS_set_mempolicy_home_node,
       SYS_shmget,
       SYS_shmat,
       SYS_shmdt,
       SYS_shmctl,
       SYS_semget,
       SYS_semop,
       SYS_semtimedop,
       SYS_semctl,
       SYS_msgget,
       SYS_msgsnd,
       SYS_msgrcv,
       SYS_msgctl,
       SYS_mq_open,
       SYS_mq_unlink,
       SYS_mq_timedsend,
       SYS_mq_timedreceive,
       SYS_mq_notify,
       SYS_mq_getsetattr});
}

void allow_processes(Table& table) {
  set(table, Verdict::allow,
      {SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_kill,
       SYS_tkill, SYS_tgkill, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigpending,
       SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_rt_sigreturn, SYS_rt_sigqueueinfo,
       SYS_rt_tgsigqueueinfo, SYS_sigaltstack, SYS_pidfd_open, SYS_pidfd_send_signal, SYS_getpid,
       SYS_getppid, SYS_gettid, SYS_getpgid, SYS_setpgid, SYS_getsid, SYS_setsid, SYS_getuid,
       SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getresuid, SYS_getresgid, SYS_getgroups,
       SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid,
       SYS_setfsuid, SYS_setfsgid, SYS_capget, SYS_capset, SYS_prctl, SYS_set_tid_address,
       SYS_getrlimit, SYS_setrlimit, SYS_prlimit64, SYS_getrusage, SYS_times, SYS_sysinfo,
       SYS_uname, SYS_getcpu, SYS_getrandom, SYS_getpriority, SYS_setpriority, SYS_ioprio_get,
       SYS_ioprio_set, SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity,
       SYS_sched_getparam, SYS_sched_setparam, SYS_sched_getscheduler, SYS_sched_setscheduler,
       SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_sched_rr_get_interval,
       SYS_sched_getattr, SYS_sched_setattr,
       // A debugger or a leak checker may look at processes of its own sandbox: those of others do
       // not exist in its pid namespace, and the first process is not dumpable.
       SYS_ptrace,
       // Both can only narrow what the caller may do.
       SYS_seccomp, SYS_landlock_create_ruleset, SYS_landlock_add_rule,
       SYS_landlock_restrict_self});
  set(table, Verdict::clone, {SYS_clone});
  // Its flags lie in memory, where a filter cannot see them; the C library falls back to clone.
  set(table, Verdict::absent, {SYS_clone3});
}

void allow_network(Table& table) {
  set(table, Verdict::allow,
      {SYS_bind, SYS_connect, SYS_listen, SYS_accept, SYS_accept4, SYS_getsockname, SYS_getpeername,
       SYS_getsockopt, SYS_setsockopt, SYS_shutdown, SYS_sendto, SYS_recvfrom, SYS_sendmsg,
       SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg});
  set(table, Verdict::socket, {SYS_socket});
  set(table, Verdict::socketpair, {SYS_socketpair});
}

/// Calls that only the older architecture still has; each has a successor above.
void allow_old_names(Table& table) {
#if defined(__x86_64__)
  set(table, Verdict::allow,
      {SYS_open,         SYS_creat,      SYS_stat,         SYS_lstat,    SYS_access,
       SYS_readlink,     SYS_getdents,   SYS_mkdir,        SYS_rmdir,    SYS_mknod,
       SYS_unlink,       SYS_symlink,    SYS_link,         SYS_rename,   SYS_chmod,
       SYS_chown,        SYS_lchown,     SYS_utime,        SYS_utimes,   SYS_futimesat,
       SYS_dup2,         SYS_pipe,       SYS_inotify_init, SYS_poll,     SYS_select,
       SYS_epoll_create, SYS_epoll_wait, SYS_eventfd,      SYS_signalfd, SYS_time,
       SYS_alarm,        SYS_pause,      SYS_fork,         SYS_vfork,    SYS_getpgrp,
       SYS_arch_prctl});
#else
  (void)table;
#endif
}

Table make_table() {
  Table table{};  // Everything is refused until it is named.
  // From here on the kernel is younger than this list.
  for (std::size_t number = kCachestat; number < kNumbersEnd; ++number) {
    table.at(number) = Verdict::absent;
  }
  // Programs ask for these and go on without.
  set(table, Verdict::absent,
      {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_memfd_secret,
       SYS_io_setup, SYS_io_submit, SYS_io_getevents, SYS_io_destroy, SYS_io_cancel, SYS_vmsplice});
  allow_files(table);
  allow_waiting(table);
  allow_memory(table);
  allow_processes(table);
  allow_network(table);
  allow_old_names(table);
  set(table, Verdict::ioctl, {SYS_ioctl});
  set(table, Verdict::personality, {SYS_personality});
  return table;
}

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kAbsent = SECCOMP_RET_ERRNO | ENOSYS;

/// Writes the program.
class Assembler {
 public:
  void load(std::uint32_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, offset); }
  /// The low half of an argument: all the kernel reads of an int, whatever stands in the high half.
  void load_argument(std::uint32_t index) {
    load(static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + index * 8);
  }
  void give(std::uint32_t action) { emit(BPF_RET | BPF_K, action); }
  void give_if_equal(std::uint32_t value, std::uint32_t action) {
    code_.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value});
    give(action);
  }
  void give_unless_equal(std::uint32_t value, std::uint32_t action) {
    code_.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value});
    give(action);
  }
  void give_if_any_bit(std::uint32_t bits, std::uint32_t action) {
    code_.push_back({BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits});
    give(action);
  }
  void give_if_at_least(std::uint32_t value, std::uint32_t action) {
    code_.push_back({BPF_JMP | BPF_JGE | BPF_K, 0, 1, value});
    give(action);
  }
  /// Begins "if number >= value, go to a place that land() names later".
  std::size_t branch_if_at_least(std::uint32_t value) {
    code_.push_back({BPF_JMP | BPF_JGE | BPF_K, 0, 1, value});
    emit(BPF_JMP | BPF_JA, 0);  // A far jump: a conditional one reaches 255 instructions only.
    return code_.size() - 1;
  }
  void land(std::size_t branch) {
    code_.at(branch).k = static_cast<std::uint32_t>(code_.size() - branch - 1);
  }
  std::vector<sock_filter> take() { return std::move(code_); }

 private:
  void emit(std::uint16_t code, std::uint32_t k) { code_.push_back({code, 0, 0, k}); }

  std::vector<sock_filter> code_;
};

constexpr std::uint32_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                          CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                          CLONE_NEWNET;
constexpr std::uint32_t kTypeIntoTerminal = TIOCSTI;
constexpr std::uint32_t kConsoleCommand = 0x541c;  // TIOCLINUX: paste into the console
constexpr std::uint32_t kAskPersonality = 0xffffffff;

void emit_socket(Assembler& code) {
  code.load_argument(0);
  for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
    code.give_if_equal(static_cast<std::uint32_t>(family), kAllow);
  }
  // getaddrinfo and getifaddrs ask the routing table; no other netlink family is of use.
  code.give_unless_equal(AF_NETLINK, kRefuse);
  code.load_argument(2);
  code.give_unless_equal(NETLINK_ROUTE, kRefuse);
  code.give(kAllow);
}

void emit_verdict(Assembler& code, Verdict verdict) {
  switch (verdict) {
    case Verdict::refuse: return code.give(kRefuse);
    case Verdict::absent: return code.give(kAbsent);
    case Verdict::allow: return code.give(kAllow);
    case Verdict::clone:
      code.load_argument(0);
      code.give_if_any_bit(kNamespaceFlags, kRefuse);
      return code.give(kAllow);
    case Verdict::socket: return emit_socket(code);
    case Verdict::socketpair:
      code.load_argument(0);
      code.give_if_equal(AF_UNIX, kAllow);
      return code.give(kRefuse);
    case Verdict::ioctl:
      code.load_argument(1);
      code.give_if_equal(kTypeIntoTerminal, kRefuse);
      code.give_if_equal(kConsoleCommand, kRefuse);
      return code.give(kAllow);
    case Verdict::personality:
      code.load_argument(0);
      code.give_if_equal(0, kAllow);
      code.give_if_equal(kAskPersonality, kAllow);
      return code.give(kRefuse);
  }
}

struct Range {
  std::uint32_t first = 0;
  Verdict verdict = Verdict::refuse;
};

std::vector<Range> ranges_of(const Table& table) {
  std::vector<Range> ranges;
  for (std::uint32_t number = 0; number < kNumbersEnd; ++number) {
    const Verdict verdict = table.at(number);
    if (ranges.empty() || ranges.back().verdict != verdict) ranges.push_back({number, verdict});
  }
  ranges.push_back({kNumbersEnd, Verdict::absent});
  return ranges;
}

void emit_search(Assembler& code, const std::vector<Range>& ranges, std::size_t begin,
                 std::size_t end) {
  if (end - begin == 1) return emit_verdict(code, ranges.at(begin).verdict);
  const std::size_t middle = begin + (end - begin) / 2;
  const std::size_t upper = code.branch_if_at_least(ranges.at(middle).first);
  emit_search(code, ranges, begin, middle);
  code.land(upper);
  emit_search(code, ranges, middle, end);
}

}  // namespace

std::vector<sock_filter> build_filter() {
  Assembler code;
  // A call by another architecture's numbers would be judged by the wrong table.
  code.load(offsetof(seccomp_data, arch));
  code.give_unless_equal(kArchitecture, SECCOMP_RET_KILL_PROCESS);
  code.load(offsetof(seccomp_data, nr));
  code.give_if_at_least(kX32Bit, SECCOMP_RET_KILL_PROCESS);
  const std::vector<Range> ranges = ranges_of(make_table());
  emit_search(code, ranges, 0, ranges.size());
  return code.take();
}

std::size_t allowed_call_count() {
  std::size_t count = 0;
  for (const Verdict verdict : make_table()) {
    if (verdict != Verdict::refuse && verdict != Verdict::absent) ++count;
  }
  return count;
}

Result<> install_filter(const std::vector<sock_filter>& filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    return Error{ErrorCode::unavailable,
                 "wall seccomp: " + errno_error("install the filter", errno).message +
                     "; the kernel needs CONFIG_SECCOMP_FILTER"};
  }
  return ok;
}

}  // namespace nightjar::sandbox::inside
