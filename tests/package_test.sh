#!/usr/bin/env bash
# The package in a fresh Debian root: installed with its dependencies and nothing else, it proves a change. As root; takes
# the mirror of this machine's apt. Called by `./dev package test`.
set -euo pipefail
package=$1
root=$(mktemp -d "${TMPDIR:-/tmp}/nightjar-root-XXXXXX")
chmod 755 "$root"
trap 'rm -rf --one-file-system "$root"' EXIT

mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
  awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
[ -n "$mirror" ] || { echo "package test: apt has no mirror of bookworm" >&2; exit 6; }
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || {
  tail -n 20 "$root.log" >&2
  exit 1
}
rm -f "$root.log"
for setting in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
  [ -f "$setting" ] && grep -qi 'Acquire' "$setting" && cp "$setting" "$root/etc/apt/apt.conf.d/"
done
cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
cp "$package" "$root/nightjar.deb"

# A root of its own by pivot_root: whoever lives in a chroot may not make user namespaces.
cat >"$root/inside.sh" <<'INSIDE'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -y --no-install-recommends install /nightjar.deb git python3 >/dev/null
nightjar --version
nightjar doctor || true
mkdir /work && cd /work && git init -q -b main
git config user.name T && git config user.email t@example.org
printf 'def half(x):\n    return x // 2\n' >half.py
mkdir tests && : >tests/__init__.py
cat >tests/test_half.py <<'PY'
import unittest

from half import half


class Half(unittest.TestCase):
    def test_even(self):
        self.assertEqual(half(4), 2)
PY
git add -A && git commit -q -m Start && git checkout -q -b fix
printf 'def half(x):\n    return x / 2\n' >half.py
printf '\n    def test_odd(self):\n        self.assertEqual(half(3), 1.5)\n' >>tests/test_half.py
git commit -q -a -m 'Half of an odd number'
nightjar prove fix --attest /evidence.jsonl
nightjar evidence verify /evidence.jsonl
dpkg -r nightjar >/dev/null
INSIDE
unshare --mount --pid --fork bash -euc '
  root=$1
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  mkdir "$root/old" && cd "$root" && pivot_root . old
  umount -l /old && rmdir /old
  exec bash /inside.sh' bash "$root"
echo "package test: passed"
