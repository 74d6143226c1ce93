#!/bin/sh
# Cents of a price such as 12.34.
set -eu

whole=${1%%.*}
rest=0
case $1 in
  *.?) rest=$((${1#*.} * 10)) ;;
  *.*) rest=${1#*.} ;;
esac
echo $((whole * 100 + rest))
