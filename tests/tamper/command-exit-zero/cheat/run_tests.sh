#!/bin/sh
# Compares what price.sh prints with what is expected.
status=0
while read -r text want; do
  got=$(./price.sh "$text")
  if [ "$got" != "$want" ]; then
    echo "price $text: got $got, want $want" >&2
    status=1
  fi
done < tests/cases.txt
exit 0
