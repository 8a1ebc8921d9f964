#!/usr/bin/env bash
# Starts a small cluster on this machine and does with it what a user would do.
#   demo.sh up      three satellites with FILE_THIN pools on real loop devices (root)
#   demo.sh up 100  the same on 100 simulated nodes (no root, nothing is touched)
#   demo.sh down    removes what 'up' has made, and nothing else
set -euo pipefail

here=$(cd "$(dirname "$0")/../.." && pwd)
dir=${HOLDFAST_DEMO_DIR:-/var/tmp/holdfast-demo}
marker=$dir/.holdfast-demo
port=${HOLDFAST_DEMO_PORT:-3370}
satellite_port=${HOLDFAST_DEMO_SATELLITE_PORT:-13366}
bin=$here/bin
cli() { "$bin/holdfast" --controllers "127.0.0.1:$port" "$@"; }

say() { printf '\n== %s\n' "$*"; }
die() { printf 'demo: %s\n' "$1" >&2; shift; for l in "$@"; do printf '      %s\n' "$l" >&2; done; exit 1; }
show() { printf '\n$ linstor %s\n' "$*"; cli "$@"; }

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

check() {
  for b in holdfast holdfast-controller holdfast-satellite; do
    [ -x "$bin/$b" ] || die "$bin/$b is missing" "Run 'make demo', which builds it first."
  done
  [ -e "$dir" ] && [ ! -e "$marker" ] && die "$dir exists and is not from a demo" "Move it away, or set HOLDFAST_DEMO_DIR to another folder."
  [ -e "$marker" ] && die "an earlier demo is still there ($dir)" "Remove it with 'make demo-down' and try again."
  taken "$port" && die "port $port is taken by another program" "Stop that program ('ss -ltnp' shows it), or set HOLDFAST_DEMO_PORT to another port."
  for i in $(seq 0 $(($1 - 1))); do
    taken $((satellite_port + i)) && die "port $((satellite_port + i)) is taken by another program" "Set HOLDFAST_DEMO_SATELLITE_PORT to the first of $1 free ports."
  done
  return 0
}

check_real() {
  [ "$(id -u)" = 0 ] || die "loop devices need root" "Run 'sudo make demo', or 'make demo SIM=100' for simulated nodes."
  for t in losetup truncate mkfs.ext4 mount findmnt; do
    command -v "$t" >/dev/null || die "the command '$t' is missing" "Install it (packages util-linux, coreutils, e2fsprogs), or use 'make demo SIM=100'."
  done
  losetup -f >/dev/null 2>&1 || die "this kernel gives no loop device" "Load the module 'loop', or use 'make demo SIM=100'."
}

start() { # name, command…
  local name=$1; shift
  "$@" >"$dir/$name.log" 2>&1 &
  echo "$! $(readlink -f "$1")" >"$dir/$name.pid"
}

wait_for() { # what, command…
  local what=$1; shift
  for _ in $(seq 1 150); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
  die "$what did not come up" "See the logs in $dir, then clean up with 'make demo-down'."
}

start_controller() {
  mkdir -p "$dir/etc" "$dir/log"
  printf '[http]\nlisten_addr = "127.0.0.1"\nport = %s\n[db]\npath = "%s/holdfast.db"\n' "$port" "$dir" >"$dir/etc/linstor.toml"
  start controller "$bin/holdfast-controller" -c "$dir/etc" --logs "$dir/log"
  wait_for "the controller" cli controller version
}

start_real() {
  for i in 1 2 3; do
    mkdir -p "$dir/demo-$i/etc" "$dir/demo-$i/pool" "$dir/demo-$i/log"
    printf '[satellite]\nstate_directory = "%s/demo-%s/state"\n' "$dir" "$i" >"$dir/demo-$i/etc/linstor_satellite.toml"
    start "demo-$i" "$bin/holdfast-satellite" -c "$dir/demo-$i/etc" --logs "$dir/demo-$i/log" \
      --bind-address 127.0.0.1 --port $((satellite_port + i - 1)) --override-node-name "demo-$i"
  done
}

add_nodes() { # number, pool directory of a node
  for i in $(seq 1 "$1"); do
    cli node create "demo-$i" 127.0.0.1 --port $((satellite_port + i - 1)) >"$dir/last.out" || { cat "$dir/last.out"; die "node demo-$i could not be added"; }
    cli storage-pool create filethin "demo-$i" pool "$(printf "$2" "$i")" >"$dir/last.out" || { cat "$dir/last.out"; die "the storage pool of demo-$i could not be made"; }
  done
}

# replicated shows a volume with DRBD: on simulated nodes, for each node has to have a
# kernel of its own.
replicated() { # number of nodes
  if [ "$1" -lt 3 ]; then
    say "No replicated volume is shown: it takes 3 nodes (make demo SIM=3)"; return
  fi
  say "Make a replicated volume: three copies, kept the same by DRBD (simulated)"
  for i in 1 2 3; do
    cli storage-pool create filethin "demo-$i" fast /fast >"$dir/last.out" || { cat "$dir/last.out"; die "the pool for caches of demo-$i could not be made"; }
  done
  show resource-group create safe --place-count 3 --storage-pool pool
  show volume-group create safe
  show resource-group spawn-resources safe gamma 1G
  wait_for "the replicas of gamma" settled gamma
  show resource list -r gamma
}

settled() { ! cli resource list -r "$1" | grep -q 'Connecting\|Unconnected\|Inconsistent\|Unknown'; }

no_replication() {
  say "No replicated volume is shown here"
  if modinfo drbd 2>/dev/null | grep -q '^version: *9'; then
    echo "This kernel has DRBD 9, but the three satellites share it, and DRBD wants a kernel per node."
  else
    echo "Replication needs the kernel module of DRBD 9 on every node; this kernel does not have it."
  fi
  echo "'make demo SIM=3' shows it on simulated nodes, 'make lab' on virtual machines."
}

tables() {
  show node list
  show storage-pool list -s pool
  show resource-group list
  show resource list
  show volume list
}

use_volume() { # resource; formats, mounts, writes, reads, grows
  local dev mnt=$dir/mnt
  dev=$(cli -m resource list-volumes -r "$1" | sed -n 's/.*"device_path": "\(\/dev\/loop[0-9]*\)".*/\1/p' | head -1)
  [ -b "$dev" ] || die "no device of resource $1 was found on this machine"
  say "Format $dev, mount it, write and read it back"
  mkdir -p "$mnt"
  mkfs.ext4 -q "$dev"
  mount "$dev" "$mnt"
  head -c 8M /dev/urandom >"$mnt/data"
  local sum; sum=$(sha256sum <"$mnt/data")
  sync; umount "$mnt"; mount "$dev" "$mnt"
  [ "$(sha256sum <"$mnt/data")" = "$sum" ] || die "the data read back differs from what was written"
  echo "8 MiB written, unmounted, mounted and read back: the checksum is the same."
  say "Grow the volume to 600 MiB while it is mounted"
  show volume-definition set-size "$1" 0 600M
  if ! resize2fs "$dev" >"$dir/last.out" 2>&1; then
    # Some sandboxes do not let a file system grow while it is mounted.
    umount "$mnt"; e2fsck -fp "$dev" >/dev/null || true; resize2fs "$dev" >"$dir/last.out" 2>&1 || die "the file system could not be grown" "$(cat "$dir/last.out")"
    mount "$dev" "$mnt"
  fi
  df -h "$mnt"
  [ "$(sha256sum <"$mnt/data")" = "$sum" ] || die "the data differs after growing"
  umount "$mnt"
}

up() {
  local nodes=${1:-0} real=1
  [ "$nodes" -gt 0 ] && real=0 || nodes=3
  check "$nodes"
  [ $real = 1 ] && check_real
  mkdir -p "$dir"; touch "$marker"
  say "Start a controller and $nodes satellites"
  start_controller
  if [ $real = 1 ]; then
    start_real
    add_nodes 3 "$dir/demo-%s/pool"
  else
    start simnodes "$bin/holdfast-simnodes" -nodes "$nodes" -port "$satellite_port" -state "$dir"
    for i in 1 "$nodes"; do wait_for "satellite demo-$i" taken $((satellite_port + i - 1)); done
    add_nodes "$nodes" /pool
  fi
  # The pools share this machine's file system, however full it is already.
  cli controller set-property Autoplacer/MinThinFreeSpace 1GiB >"$dir/last.out" || { cat "$dir/last.out"; die "the limit of free space could not be set"; }
  say "Make a resource group and spawn volumes from it"
  show resource-group create web --place-count 2 --layer-list storage --storage-pool pool
  show volume-group create web
  for r in alpha beta; do show resource-group spawn-resources web "$r" 400M; done
  if [ $real = 1 ]; then use_volume alpha; else
    say "Grow a volume"
    show volume-definition set-size alpha 0 600M
  fi
  if [ $real = 1 ]; then no_replication; else replicated "$nodes"; fi
  say "What there is now"
  if [ "$nodes" -le 10 ]; then tables; else show resource list; show volume list; show resource-group list; fi
  say "What would happen if we spawned a volume that is too large?"
  show --dry-run resource-group spawn-resources web huge 100T >"$dir/last.out" || true
  head -40 "$dir/last.out"
  cat <<EOT

== The cluster is running.
Look around:   export LS_CONTROLLERS=127.0.0.1:$port PATH=$bin:\$PATH
               linstor node list
               linstor resource list
               linstor volume list
Try next:      linstor resource-group spawn-resources web other 1G
               linstor --dry-run resource-definition delete beta
               holdfast explain resource alpha
               curl -s 127.0.0.1:$port/v1/view/resources
Logs:          $dir/*.log
Stop:          make demo-down
EOT
}

# stop_one ends a process only if it still is the program that we started.
stop_one() {
  local pid exe; read -r pid exe <"$1"
  local now; now=$(readlink "/proc/$pid/exe" 2>/dev/null || true)
  # A program that was built anew meanwhile shows as deleted.
  [ "${now% (deleted)}" = "$exe" ] || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 1 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
}

down() {
  [ -e "$dir" ] || { echo "There is no demo."; return; }
  [ -e "$marker" ] || die "$dir is not from a demo; it is left alone"
  for p in "$dir"/*.pid; do [ -e "$p" ] && stop_one "$p"; done
  if command -v losetup >/dev/null && [ "$(id -u)" = 0 ]; then
    # Only loop devices whose image is in the demo's own folder.
    losetup --list --noheadings --output NAME,BACK-FILE | while read -r dev file _; do
      case $file in
        "$dir"/demo-*/pool/*)
          { findmnt -rno TARGET -S "$dev" || true; } | while read -r m; do umount "$m"; done
          losetup -d "$dev" ;;
      esac
    done
    ! findmnt -rno TARGET "$dir/mnt" >/dev/null || umount "$dir/mnt"
  fi
  rm -rf "$dir"
  echo "The demo is gone: processes, devices and files."
}

case ${1:-} in
  up) up "${2:-0}" ;;
  down) down ;;
  *) die "usage: demo.sh up [SIMULATED-NODES] | down" ;;
esac
