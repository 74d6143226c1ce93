#include "sandbox/inside/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"

namespace nightjar::sandbox::inside {
namespace {

// Places in /proc/PID/stat, counted from the one after the name in parentheses (proc(5)).
constexpr int kUserTime = 11;
constexpr int kChildrenSystemTime = 14;
constexpr int kResidentPages = 21;

void add_process(const std::string& pid, std::uint64_t ns_per_tick, std::uint64_t page_bytes,
                 Usage& total) {
  const UniqueFd file(::open(("/proc/" + pid + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
  if (size <= 0) return;  // Gone since it was listed.
  std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  // The name may hold anything, parentheses included; the last one ends it.
  text.remove_prefix(std::min(text.size(), text.rfind(')') + 2));
  for (int place = 0; place <= kResidentPages && !text.empty(); ++place) {
    const std::string_view word = text.substr(0, text.find(' '));
    std::uint64_t value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    if (place >= kUserTime && place <= kChildrenSystemTime) total.cpu_ns += value * ns_per_tick;
    if (place == kResidentPages) total.memory_bytes += value * page_bytes;
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
}

}  // namespace

Usage usage_of_all_processes() {
  static const auto ns_per_tick =
      std::uint64_t{1'000'000'000} / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  Usage total;
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), &::closedir);
  while (const dirent* entry = processes ? ::readdir(processes.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name == "1" || name.find_first_not_of("0123456789") != std::string::npos) continue;
    add_process(name, ns_per_tick, page_bytes, total);
  }
  return total;
}

std::uint64_t cpu_ns_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = static_cast<std::uint64_t>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
  const auto micros = static_cast<std::uint64_t>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  return seconds * 1'000'000'000 + micros * 1'000;
}

}  // namespace nightjar::sandbox::inside
