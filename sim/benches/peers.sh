#!/usr/bin/env bash
# How fast others simulate three replicas and a hundred writes a second, and how fast leasehold does, whole stack and all checks: five rounds
# by turns on one core, medians of simulated seconds a second of CPU. What to watch is the ratio: it hardly depends on the machine.
#
#   sim/benches/peers.sh [SECONDS]
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
seconds=${1:-60}
cargo build --release --locked --bin leasehold
cargo build --release --locked --manifest-path sim/benches/peers/Cargo.toml
others=sim/benches/peers/target/release
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
scenario=$scratch/peers.toml
sed "s/^until = .*/until = \"${seconds}s\"/; s/^writes = .*/writes = 1/" sim/benches/peers/peers.toml >"$scenario"

# CPU time from outside, and not what a simulator says of itself: what it takes to begin and to judge is part of it, other load is not.
round() {
  local TIMEFORMAT=%U took
  took=$({ time "${@:2}" >"$scratch/said" 2>&1; } 2>&1) || {
    echo "$1 failed:" >&2
    cat "$scratch/said" >&2
    return 1
  }
  awk -v name="$1" -v seconds="$seconds" -v took="$took" 'BEGIN { printf "%s %.0f\n", name, seconds / took }'
}

rounds=$(for _ in 1 2 3 4 5; do
  round turmoil taskset -c 0 $others/on_turmoil "$seconds"
  round madsim taskset -c 0 $others/on_madsim "$seconds"
  round leasehold taskset -c 0 target/release/leasehold run "$scenario" --keep never --jobs 1
done)
sort -k1,1 -k2,2n <<<"$rounds" | awk '
  { speeds[$1] = speeds[$1] " " $2 }
  END {
    for (name in speeds) { count = split(speeds[name], sorted, " "); median[name] = sorted[int(count / 2) + 1] }
    for (name in median) printf "%-10s %5d simulated s a CPU s, leasehold %.2f times that\n", name, median[name], median["leasehold"] / median[name]
  }
'
