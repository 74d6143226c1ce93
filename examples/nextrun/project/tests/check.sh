#!/bin/sh
# Smoke test: one line per case, exit status 1 when a case fails.
failed=0

same() {
  actual=$(./nextrun "$1" "$2")
  if [ "$actual" = "$3" ]; then
    echo "ok: $1 after $2"
  else
    echo "FAILED: $1 after $2: $actual instead of $3"
    failed=1
  fi
}

same '* * * * *' '2023-05-10 12:00' '2023-05-10 12:01'
same '0 * * * *' '2023-05-10 23:30' '2023-05-11 00:00'
same '30 6 1 1 *' '2023-05-10 12:00' '2024-01-01 06:30'
exit $failed
