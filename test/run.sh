#!/usr/bin/env bash
# Runs the whole test suite. Needs Go, a C compiler for the race detector, and the
# tools whose real output is tested; what is missing is installed where that is
# possible, else named.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}

need_go=$(awk '$1 == "go" {print $2}' go.mod)
if ! command -v "$go" >/dev/null; then
	echo "test: Go $need_go or newer is needed; get it from https://go.dev/dl/" >&2
	exit 1
fi

# lacking prints the packages, of "program=package" pairs, whose program is missing.
# Administrators' programs are not on everybody's path.
lacking() {
	local pair
	for pair in "$@"; do
		PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%=*}" >/dev/null || echo "${pair#*=}"
	done | sort -u
}
look() {
	required=$(lacking gcc=gcc)
	[ -e /usr/include/stdlib.h ] || required="$required libc6-dev"
	# Tests that only root can run, on real loop devices, file systems, volume groups, and
	# with the real parser of DRBD's configuration.
	real=$(lacking drbdadm=drbd-utils lvm=lvm2 thin_check=thin-provisioning-tools losetup=mount losetup=util-linux \
		mkfs.ext4=e2fsprogs mkfs.xfs=xfsprogs mkfs.btrfs=btrfs-progs)
}
look

# installable prints those packages that apt knows: one unknown name fails all.
installable() {
	local p
	for p in "$@"; do
		if apt-cache show "$p" >/dev/null 2>&1; then echo "$p"; else echo "test: apt knows no package '$p'" >&2; fi
	done
}
if [ "$(id -u)" = 0 ]; then
	if [ -n "$required$real" ] && command -v apt-get >/dev/null; then
		# A package source that does not answer is no reason to stop; what is lacking then
		# is seen below.
		apt-get update -qq || echo "test: apt-get update has failed" >&2
		# shellcheck disable=SC2046,SC2086 # lists of words
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(installable $required $real) </dev/null ||
			echo "test: apt-get install has failed" >&2
		look
	fi
	export PATH=$PATH:/usr/sbin:/sbin
	if [ -n "$required" ]; then
		echo "test: please install" $required >&2
		exit 1
	fi
	if [ -n "$real" ]; then
		echo "test: tests with the real tools of" $real "are left out; install them and run again" >&2
	else
		# From here on a tool that is missing is a failure, and no reason to skip a test.
		export HOLDFAST_NEED_TOOLS=1
	fi
elif [ -n "$required" ]; then
	echo "test: please install" $required "(the race detector needs a C compiler)" >&2
	exit 1
else
	echo "test: not root, so tests on real loop devices and with the real drbdadm are left out;" >&2
	echo "      as root they run too${real:+, and need the packages" $real "}" >&2
fi

# Folders that start with a dot or an underscore, and testdata, hold no code of ours.
bad=$(find . -name '*.go' -not -path '*/.*' -not -path '*/testdata/*' -print0 | xargs -0 gofmt -l)
if [ -n "$bad" ]; then
	printf 'test: run gofmt -w on:\n%s\n' "$bad" >&2
	exit 1
fi
"$go" vet ./...

# The simulation where the seed decides everything; the race detector leaves it out.
"$go" test -count=1 -vet=off -timeout 20m ./test/sim/replay

# go vet has just run on everything; the race detector needs cgo.
CGO_ENABLED=1 exec "$go" test -race -vet=off -timeout 25m ./...
