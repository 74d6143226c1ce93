#include "sandbox/pool.h"

#include <utility>

#include "sandbox/frames.h"

namespace nightjar::sandbox {
namespace {

constexpr std::size_t kStemsMax = 64;

}  // namespace

Pool::Pool(UniqueFd helper, std::size_t spares)
    : spares_max_(spares), groups_(Groups::find("/proc/self/mountinfo", "/proc/self/cgroup")) {
  state_.with([&](State& state) { state.helper = std::move(helper); });
}

Pool::~Pool() { close(); }

void Pool::close() {
  // Groups go by name: they are removed when Groups ends, and by then their processes have.
  state_.with([](State& state) { state = State(); });
}

Result<> Pool::fill() {
  return state_.with([&](State& state) { return fill_locked(state); });
}

Result<Blank> Pool::take() {
  return state_.with([&](State& state) -> Result<Blank> {
    if (state.spares.empty()) return plant(state);
    Blank blank = std::move(state.spares.front());
    state.spares.erase(state.spares.begin());
    return blank;
  });
}

void Pool::give_back(Stem stem, UniqueFd process) {
  state_.with([&](State& state) {
    if (process) {
      state.endings.push_back({std::move(stem), std::move(process)});
    } else {
      --state.stems;  // It could not make a sandbox; the next try gets a new one.
    }
    // Only now, so that making the next one does not take the processor from this one's command.
    // A failure shows in the next take().
    (void)fill_locked(state);
  });
}

Result<> Pool::fill_locked(State& state) {
  while (state.spares.size() < spares_max_) {
    TRY_INTO(Blank blank, plant(state));
    state.spares.push_back(std::move(blank));
  }
  return ok;
}

void Pool::collect_ended(State& state) {
  for (auto ending = state.endings.begin(); ending != state.endings.end();) {
    if (!wait_readable(ending->process.get(), 0)) {
      ++ending;
      continue;
    }
    state.idle.push_back(std::move(ending->stem));
    ending = state.endings.erase(ending);
  }
}

Result<Stem> Pool::grow(State& state) {
  if (state.stems == kStemsMax) {
    return {ErrorCode::exhausted, "more than " + std::to_string(kStemsMax) +
                                      " sandboxes at one time; end some, or run fewer in parallel"};
  }
  TRY_INTO(auto ends, socket_pair());
  TRY_INTO(Group group, groups_->make());
  TRY_INTO(const std::vector<UniqueFd> entrances, group.entrances());
  std::vector<int> descriptors = {ends.second.get()};
  for (const UniqueFd& entrance : entrances) descriptors.push_back(entrance.get());
  TRY(send_frame(state.helper.get(), FrameType::stem, "", descriptors)
          .with_context("the sandbox helper has ended; start Nightjar again"));
  ++state.stems;
  return Stem{std::move(ends.first), std::move(group)};
}

Result<Blank> Pool::plant(State& state) {
  collect_ended(state);
  if (state.idle.empty()) {
    TRY_INTO(Stem stem, grow(state));
    state.idle.push_back(std::move(stem));
  }
  Stem stem = std::move(state.idle.back());
  state.idle.pop_back();
  TRY_INTO(auto ends, socket_pair());
  const Result<> asked = send_frame(stem.socket.get(), FrameType::open, "", {ends.second.get()});
  if (!asked) {
    --state.stems;
    return asked.error();
  }
  return Blank{std::move(stem), std::move(ends.first)};
}

}  // namespace nightjar::sandbox
