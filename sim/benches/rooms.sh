#!/usr/bin/env bash
# Where the time of a run goes, by rooms: samples of its stacks, each counted for the innermost function that is of this project or of raft.
# Linux `perf` counts by the clock of the cores, where the machine has no better counter.
#
#   sim/benches/rooms.sh target/release/leasehold run fast/steady --seeds 1..=8 --jobs 1
set -euo pipefail
samples=$(mktemp)
trap 'rm -f "$samples"' EXIT
perf record -q -e cpu-clock -F 4000 --call-graph dwarf,4096 -o "$samples" -- "$@" >&2
perf script -i "$samples" --no-inline -F ip,sym 2>/dev/null | awk '
  function room(name) {
    if (match(name, /leasehold_sim::[a-z]+/)) return substr(name, RSTART, RLENGTH)
    if (name ~ /leasehold::/) return "leasehold, the stack"
    if (name ~ /(^|[<& ])(raft|raft_proto|protobuf)::/) return "raft"
    if (name ~ /madsim::/) return "leasehold_sim::world"
    return ""
  }
  NF == 0 { if (depth) { all++; rooms[found == "" ? "other" : found]++ } depth = 0; found = ""; next }
  { depth++; if (found == "") { $1 = ""; found = room($0) } }
  END { for (name in rooms) printf "%5.1f %%  %s\n", 100 * rooms[name] / all, name }
' | sort -rn
