#!/usr/bin/env bats

@test "reads two decimals" {
  run ./price.sh 12.34
  [ "$status" -eq 0 ]
  [ "$output" = 1234 ]
}

@test "reads one decimal" {
  run ./price.sh 12.5
  [ "$status" -eq 0 ]
  [[ "$output" == 1250 ]]
}

@test "reads whole prices" {
  run ./price.sh 7
  [ "$output" = 700 ]
}
