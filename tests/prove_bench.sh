#!/usr/bin/env bash
# What a proof costs over running the two suites by hand, one after the other, on the same files: 500 tests of pytest, 200 of ctest.
# Called by `./dev bench prove`; the program is the release one. Times are of one run each: look at the ratios.
set -euo pipefail
program=$PWD/build/release/nightjar
work=$(mktemp -d "${TMPDIR:-/tmp}/nightjar-prove-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
export NIGHTJAR_DATA_DIR=$work/data
now() { date +%s%3N; }
commit() { git -C "$1" add -A && git -C "$1" -c user.name=B -c user.email=b@example.org commit -q -m "$2"; }
station() { # FILE NODE: milliseconds between its start and its end
  python3 - "$1" "$2" <<'PY'
import json, sys
start = end = 0
for line in open(sys.argv[1]):
    event = json.loads(line)
    node = (event.get("payload") or {}).get("node")
    if node == sys.argv[2] and event["event"] == "node.started":
        start = event["at_ms"]
    if node == sys.argv[2] and event["event"] == "node.finished":
        end = event["at_ms"]
print(end - start)
PY
}
measure() { # NAME FOLDER BY_HAND…: runs the command in a checkout of base and of change
  local name=$1 repository=$2 start by_hand first second suite
  shift 2
  git -C "$repository" worktree add -q "$work/$name-base" main
  git -C "$repository" worktree add -q "$work/$name-change" fix
  start=$(now)
  (cd "$work/$name-base" && "$@" >/dev/null 2>&1) || true
  (cd "$work/$name-change" && "$@" >/dev/null 2>&1) || true
  by_hand=$(($(now) - start))
  start=$(now)
  (cd "$repository" && "$program" prove fix --json >"$work/first.json" 2>/dev/null)
  first=$(($(now) - start))
  start=$(now)
  (cd "$repository" && "$program" prove second --json >"$work/second.json" 2>/dev/null)
  second=$(($(now) - start))
  suite=$(station "$work/first.json" baseline)
  awk -v n="$name" -v h="$by_hand" -v f="$first" -v s="$second" -v b="$suite" 'BEGIN {
    printf "%-8s both suites by hand %6d ms   first proof %6d ms (%.2fx)   second, base known %6d ms (%.2fx)\n", n, h, f, f / h, s, s / h
    printf "%-8s one suite by hand   %6d ms   baseline station %6d ms: %.2f times as fast\n", n, h / 2, b, h / 2 / b }'
}

python=$work/python
mkdir -p "$python/tests"
cat >"$python/work.py" <<'PY'
def busy(count):
    return sum(i * i for i in range(count))
PY
for file in $(seq 20); do
  { echo "from work import busy"; for test in $(seq 25); do
    printf '\n\ndef test_%d():\n    assert busy(60000) > 0\n' "$test"; done; } >"$python/tests/test_$file.py"
done
printf '[pytest]\npythonpath = .\n' >"$python/pytest.ini"
git -C "$python" init -q -b main && commit "$python" base
git -C "$python" checkout -q -b fix && echo "twice = 2" >>"$python/work.py" && commit "$python" fix
git -C "$python" checkout -q -b second main && echo "thrice = 3" >>"$python/work.py" && commit "$python" second
measure pytest "$python" python3 -m pytest -q -p no:cacheprovider

cmake=$work/cmake
mkdir -p "$cmake"
cat >"$cmake/busy.c" <<'C'
#include "busy.h"
unsigned busy(unsigned count) {
  unsigned sum = 0;
  for (unsigned i = 0; i < count; ++i) sum = sum * 31 + i;
  return sum;
}
C
echo 'unsigned busy(unsigned count);' >"$cmake/busy.h"
printf '#include "busy.h"\nint main(void) { return busy(30000000u) == 1; }\n' >"$cmake/test_busy.c"
cat >"$cmake/CMakeLists.txt" <<'CM'
cmake_minimum_required(VERSION 3.16)
project(busy C)
enable_testing()
add_executable(test_busy test_busy.c busy.c)
foreach(number RANGE 1 200)
  add_test(NAME busy_${number} COMMAND test_busy)
endforeach()
CM
git -C "$cmake" init -q -b main && commit "$cmake" base
git -C "$cmake" checkout -q -b fix && echo '/* one */' >>"$cmake/busy.c" && sed -i 's/sum = 0/sum = 1/' "$cmake/busy.c" && commit "$cmake" fix
git -C "$cmake" checkout -q -b second main && sed -i 's/sum = 0/sum = 2/' "$cmake/busy.c" && commit "$cmake" second
measure ctest "$cmake" sh -c 'cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug && cmake --build build && cd build && ctest'
