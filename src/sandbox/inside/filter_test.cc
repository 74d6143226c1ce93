// The filter's table, judged by interpreting the program itself: no process is bound by it here.
#include "sandbox/inside/filter.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nightjar::sandbox::inside {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kOurs = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kOurs = AUDIT_ARCH_AARCH64;
#endif
constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kAbsent = SECCOMP_RET_ERRNO | ENOSYS;

/// As the kernel would; knows the instructions that the filter uses.
std::uint32_t judge(const std::vector<sock_filter>& program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + step.k, 4);
        break;
      case BPF_JMP | BPF_JA: at += step.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == step.k ? step.jt : step.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K: at += accumulator >= step.k ? step.jt : step.jf; break;
      case BPF_JMP | BPF_JSET | BPF_K: at += (accumulator & step.k) != 0 ? step.jt : step.jf; break;
      case BPF_RET | BPF_K: return step.k;
      default: ADD_FAILURE() << "unknown instruction " << step.code; return 0;
    }
  }
  ADD_FAILURE() << "the program has no end";
  return 0;
}

std::uint32_t judge_call(int number, std::uint64_t first = 0, std::uint64_t second = 0,
                         std::uint64_t third = 0) {
  static const std::vector<sock_filter> program = build_filter();
  seccomp_data data{};
  data.nr = number;
  data.arch = kOurs;
  data.args[0] = first;
  data.args[1] = second;
  data.args[2] = third;
  return judge(program, data);
}

TEST(Filter, AllowsWhatProgramsNeed) {
  for (const int number : {SYS_read, SYS_openat, SYS_execve, SYS_futex, SYS_epoll_pwait, SYS_mmap,
                           SYS_rseq, SYS_exit_group, SYS_getrandom, SYS_bind, 452}) {
    EXPECT_EQ(judge_call(number), SECCOMP_RET_ALLOW) << number;
  }
}

TEST(Filter, RefusesWhatIsNotNamed) {
  for (const int number : {SYS_mount,
                           SYS_umount2,
                           SYS_pivot_root,
                           SYS_unshare,
                           SYS_setns,
                           SYS_bpf,
                           SYS_keyctl,
                           SYS_add_key,
                           SYS_request_key,
                           SYS_userfaultfd,
                           SYS_chroot,
                           SYS_perf_event_open,
                           SYS_open_by_handle_at,
                           SYS_kexec_load,
                           SYS_init_module,
                           SYS_finit_module,
                           SYS_process_vm_readv,
                           SYS_process_vm_writev,
                           SYS_pidfd_getfd,
                           SYS_open_tree,
                           SYS_move_mount,
                           SYS_fsopen,
                           SYS_mount_setattr,
                           SYS_swapon,
                           SYS_reboot,
                           SYS_syslog}) {
    EXPECT_EQ(judge_call(number), kRefused) << number;
  }
}

TEST(Filter, SaysThatNewCallsAreAbsent) {
  for (const int number :
       {SYS_clone3, SYS_io_uring_setup, SYS_io_uring_enter, 467, 511, 512, 9999}) {
    EXPECT_EQ(judge_call(number), kAbsent) << number;
  }
}

TEST(Filter, KillsForeignArchitecturesAndNumbers) {
  const std::vector<sock_filter> program = build_filter();
  seccomp_data data{};
  for (const std::uint32_t architecture : {std::uint32_t{AUDIT_ARCH_I386}, kOurs + 1, kOurs - 1}) {
    data.arch = architecture;
    EXPECT_EQ(judge(program, data), SECCOMP_RET_KILL_PROCESS);
  }
  EXPECT_EQ(judge_call(0x40000000), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(judge_call(-1), SECCOMP_RET_KILL_PROCESS);
}

TEST(Filter, JudgesArgumentsByTheirLowHalf) {
  constexpr std::uint64_t kHigh = std::uint64_t{1} << 32U;
  constexpr std::uint64_t kTypeIntoTerminal = 0x5412;
  constexpr std::uint64_t kNewUser = 0x10000000;
  constexpr std::uint64_t kVsock = 40;
  EXPECT_EQ(judge_call(SYS_ioctl, 0, kTypeIntoTerminal), kRefused);
  EXPECT_EQ(judge_call(SYS_ioctl, 0, kHigh | kTypeIntoTerminal), kRefused);
  EXPECT_EQ(judge_call(SYS_ioctl, 0, 0x5401), SECCOMP_RET_ALLOW);
  EXPECT_EQ(judge_call(SYS_clone, kNewUser | 17), kRefused);
  EXPECT_EQ(judge_call(SYS_clone, 0x3d0f00), SECCOMP_RET_ALLOW);  // a thread
  EXPECT_EQ(judge_call(SYS_socket, kVsock), kRefused);
  EXPECT_EQ(judge_call(SYS_socket, kHigh | kVsock), kRefused);
  EXPECT_EQ(judge_call(SYS_socket, 2, 1, 0), SECCOMP_RET_ALLOW);
  EXPECT_EQ(judge_call(SYS_socket, 16, 3, 0), SECCOMP_RET_ALLOW);  // routing table
  EXPECT_EQ(judge_call(SYS_socket, 16, 3, 15), kRefused);
  EXPECT_EQ(judge_call(SYS_socketpair, 2), kRefused);
  EXPECT_EQ(judge_call(SYS_personality, 0xffffffff), SECCOMP_RET_ALLOW);
  EXPECT_EQ(judge_call(SYS_personality, 0x0040000), kRefused);
}

TEST(Filter, FindsEveryNumberInFewSteps) {
  EXPECT_LT(build_filter().size(), 1000U);
  EXPECT_GT(allowed_call_count(), 200U);
}

}  // namespace
}  // namespace nightjar::sandbox::inside
