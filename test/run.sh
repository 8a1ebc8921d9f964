#!/usr/bin/env bash
# Runs the whole test suite. Needs Go, and a C compiler for the race detector;
# what is missing is installed where that is possible, else named.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}

need_go=$(awk '$1 == "go" {print $2}' go.mod)
if ! command -v "$go" >/dev/null; then
	echo "test: Go $need_go or newer is needed; get it from https://go.dev/dl/" >&2
	exit 1
fi

missing=()
command -v gcc >/dev/null || missing+=(gcc)
[ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
if [ ${#missing[@]} -gt 0 ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "test: please install ${missing[*]} (the race detector needs a C compiler)" >&2
		exit 1
	fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# Folders that start with a dot or an underscore, and testdata, hold no code of ours.
bad=$(find . -name '*.go' -not -path '*/.*' -not -path '*/testdata/*' -print0 | xargs -0 gofmt -l)
if [ -n "$bad" ]; then
	printf 'test: run gofmt -w on:\n%s\n' "$bad" >&2
	exit 1
fi
"$go" vet ./...

# go vet has just run on everything; the race detector needs cgo.
CGO_ENABLED=1 exec "$go" test -race -vet=off -timeout 25m ./...
