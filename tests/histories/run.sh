#!/usr/bin/env bash
# Proves every fix commit of list.tsv three times: as it is, without its product changes (the fix reverted), and without its test
# changes (the new test deleted). $NIGHTJAR_HISTORIES is a folder with a clone OWNER+NAME of each repository.
#
#   ./dev bench histories [REPOSITORY…]   one line a proof: repository, commit, language, variant, verdict, reason, seconds
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
program=${NIGHTJAR_PROGRAM:-$here/../../build/release/nightjar}
clones=${NIGHTJAR_HISTORIES:?a folder of clones, OWNER+NAME each}
limit=${NIGHTJAR_HISTORY_SECONDS:-600}
tests='(^|/)(tests?|spec|specs|__tests__|testing|t)/|(^|/)test_[^/]*\.py$|_test\.(go|py|rb|c|cc|cpp)$|\.(test|spec)\.[jt]sx?$|Test\.(java|kt|php)$|_spec\.rb$'
patch=$(mktemp "${TMPDIR:-/tmp}/nightjar-history-XXXXXX")
trap 'rm -f "$patch" "$patch.json" "$patch.err"' EXIT

prove() { # REPOSITORY COMMIT LANGUAGE VARIANT CHANGE BASE
  local start=$SECONDS verdict reason
  timeout "$limit" "$program" prove "$5" --base "$6" --json >"$patch.json" 2>"$patch.err" </dev/null
  [ $? = 124 ] && echo '{"verdict":"TIME","reasons":[{"code":"time-limit"}]}' >>"$patch.json"
  verdict=$(tail -n 1 "$patch.json" | grep -o '"verdict":"[A-Z_]*"' | head -n 1 | cut -d'"' -f4)
  reason=$(tail -n 1 "$patch.json" | grep -o '"code":"[a-z_-]*"' | head -n 1 | cut -d'"' -f4)
  printf '%s\t%.10s\t%s\t%s\t%s\t%s\t%d\n' "$1" "$2" "$3" "$4" "${verdict:-ERROR}" "${reason:-}" $((SECONDS - start))
}

while IFS=$'\t' read -r repository commit parent language; do
  case "$repository" in '#'* | '') continue ;; esac
  if [ $# -gt 0 ] && [[ " $* " != *" $repository "* ]]; then continue; fi
  cd "$clones/${repository/\//+}" || continue
  mapfile -t judging < <(git diff --name-only "$parent" "$commit" | grep -E "$tests")
  mapfile -t product < <(git diff --name-only "$parent" "$commit" | grep -vE "$tests")
  prove "$repository" "$commit" "$language" fix "$commit" "$parent"
  if [ ${#judging[@]} -gt 0 ]; then
    git diff --binary --full-index "$parent" "$commit" -- "${judging[@]}" >"$patch"
    prove "$repository" "$commit" "$language" reverted "$patch" "$parent"
    git diff --binary --full-index "$parent" "$commit" -- "${product[@]}" >"$patch"
    prove "$repository" "$commit" "$language" untested "$patch" "$parent"
  fi
done <"$here/list.tsv"
