#!/usr/bin/env bash
# Slips that nobody chose: the mutants that cargo-mutants makes of the stack. Does anybody see them?
#
#   sim/mutants.sh tests [--sample N] [-- ARGS]   stage one: the package's own tests, in seconds each
#   sim/mutants.sh runs                           stage two: of those that survive, every scenario but slow/, at its own seeds
#   sim/mutants.sh report                         the figures; fails if a survivor is not in sim/mutants.accepted
#
# --sample N takes N of all, by chance, but always the same, however the lines move: they go by their names' checksums. ARGS go to
# `cargo mutants --list`: `--in-diff FILE` for what a change has touched, `--shard 0/4`, `--re PATTERN`. Neither stage repeats what it
# has done: what came of each is a line of target/mutants/state.tsv. A survivor is tried again once its line there is deleted; after a
# change of the stack remove the folder. A mutant costs some 15 seconds in stage one, some minutes in stage two.
#
# Needs `cargo install cargo-mutants --locked`, jq and patch.
set -euo pipefail
cd "$(dirname "$0")/.."
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS

readonly accepted=$PWD/sim/mutants.accepted
readonly home=$PWD/target/mutants
readonly tree=$home/tree list=$home/list.jsonl state=$home/state.tsv log=$home/log.txt
# What is mutated: the stack's engine, lease, coordinator and store, not what tests them.
readonly what=(-p leasehold -f 'src/engine/**' -f 'src/lease/**' -f 'src/coordinator/**' -f 'src/store/**'
  -e 'src/engine/conformance/**' -e '**/tests.rs')
# So many seconds a third of the tests, or the runs, may last: a mutant that takes longer hangs. On a busy machine more is needed.
readonly tests_last=${MUTANTS_TESTS_LAST:-120} runs_last=${MUTANTS_RUNS_LAST:-1200}

fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

# The mutants, a JSON object a line, in the order of their checksums: file, id (its name without the line, numbered among namesakes), diff.
mutants() {
  cargo mutants --list --json --diff "${what[@]}" "$@" | jq -c '
    map(. + {id: (.name | sub("^(?<f>[^:]*):[0-9]+:[0-9]+: "; "\(.f): "))}) | group_by(.id)
    | map(to_entries | map({file: .value.file, diff: .value.diff,
        id: (.value.id + (if .key > 0 then " #\(.key + 1)" else "" end))})) | flatten | .[]' >"$home/all.jsonl"
  jq -r .id "$home/all.jsonl" | while IFS= read -r id; do md5sum <<<"$id"; done | cut -c 1-32 |
    paste - "$home/all.jsonl" | sort | cut -f 2- >"$list"
}

prepare() {
  mkdir -p "$tree"; touch "$state"
  local file
  git ls-files | while IFS= read -r file; do
    [ ! -f "$file" ] || cmp -s "$file" "$tree/$file" || { mkdir -p "$tree/$(dirname "$file")"; cp "$file" "$tree/$file"; }
  done
  # The tests get their features by the command: the package would else be built twice.
  sed -i '/^\[dev-dependencies\]/,/^\[profile/{/^leasehold = /d}' "$tree/Cargo.toml"
}

# $1 the mutant's object, $2... what judges it, with the tree as it would be.
with_mutant() {
  local mutant=$1 file; shift
  file=$(jq -r .file <<<"$mutant")
  cp "$tree/$file" "$home/as-it-is"
  jq -r .diff <<<"$mutant" | (cd "$tree" && patch -s -p0 --no-backup-if-mismatch "$file") >>"$log" || return 3
  local outcome=0; "$@" || outcome=$?
  cp "$home/as-it-is" "$tree/$file"
  return "$outcome"
}

# As a job of its own in the tree: with all of its children it ends in time. $1 seconds.
in_tree() { (cd "$tree" && exec timeout --kill-after=5 "$@" >>"$log" 2>&1 </dev/null); }

cargo_tests() {
  CARGO_TARGET_DIR=$home/tests CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=0 \
    in_tree "$1" cargo test -p leasehold --lib --features conformance,planted --offline "${@:2}"
}

# 0 survives, 1 killed, 2 hangs, 4 is no program. What is quick goes first, then the kit, then what makes others of the kit.
by_tests() {
  cargo_tests 1200 --no-run || return 4
  for chosen in "--skip conformance" the_engine_on_raft_rs_keeps_the_contract \
    "conformance --skip the_engine_on_raft_rs_keeps_the_contract"; do
    local outcome=0; cargo_tests "$tests_last" -- $chosen || outcome=$?
    case $outcome in 0) ;; 124 | 137) return 2 ;; *) return 1 ;; esac
  done
}

cargo_runs() {
  CARGO_TARGET_DIR=$home/runs CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=32 \
    CARGO_PROFILE_RELEASE_INCREMENTAL=true CARGO_PROFILE_RELEASE_DEBUG=0 \
    in_tree 1200 cargo build --release -p leasehold-sim --bin leasehold --offline
}

by_runs() {
  cargo_runs || return 4
  local outcome=0; in_tree "$runs_last" "$home/runs/release/leasehold" run planted findings incidents fast --fail-fast ||
    outcome=$?
  case $outcome in 0) ;; 124 | 137) return 2 ;; *) return 1 ;; esac
}

# $1 stage, $2 judge; mutants on standard input. What has been judged in this stage is not judged again.
stage() {
  local total=0 begun outcome word
  while IFS= read -r mutant; do
    local id; id=$(jq -r .id <<<"$mutant")
    grep -qxF -e "$1"$'\t'"$id" <(cut -f 1,2 "$state") && continue
    begun=$SECONDS outcome=0; : >"$log"
    with_mutant "$mutant" "$2" || outcome=$?
    case $outcome in 0) word=survives ;; 1) word=killed ;; 2) word=hangs ;; 4) word=unviable ;; *) fail "$id: see $log" ;; esac
    printf '%s\t%s\t%s\t%s\n' "$1" "$id" "$word" "$((SECONDS - begun))" >>"$state"
    total=$((total + 1)); printf '%s: %s (%s s)\n' "$id" "$word" "$((SECONDS - begun))"
  done
  printf '%s: %s judged\n' "$1" "$total"
}

# Ids of the stage $1 that came to $2.
ids() { awk -F '\t' -v stage="$1" -v word="$2" '$1 == stage && ($3 == word || word == "any") { print $2 }' "$state"; }

report() {
  local unviable judged by_tests by_runs left unknown
  unviable=$(ids tests unviable | wc -l); judged=$(($(ids tests any | wc -l) - unviable))
  by_tests=$((judged - $(ids tests survives | wc -l)))
  by_runs=$(($(ids runs killed | wc -l) + $(ids runs hangs | wc -l)))
  left=$(comm -23 <(ids tests survives | sort) <({ ids runs killed; ids runs hangs; } | sort))
  [ "$judged" -gt 0 ] || fail "nothing is judged yet: sim/mutants.sh tests"
  printf '%s viable mutants (%s are no programs)\n' "$judged" "$unviable"
  printf 'the tests of the package kill %s (%s %%), the runs %s of the rest, together %s %%\n' "$by_tests" \
    "$((100 * by_tests / judged))" "$by_runs" "$((100 * (by_tests + by_runs) / judged))"
  unknown=$(comm -23 <(printf '%s\n' "$left" | sed '/^$/d') <(grep -v '^#' "$accepted" | cut -f 1 | sort))
  printf 'survivors: %s, of which accepted %s\n' "$(sed '/^$/d' <<<"$left" | wc -l)" \
    "$(($(sed '/^$/d' <<<"$left" | wc -l) - $(sed '/^$/d' <<<"$unknown" | wc -l)))"
  [ -z "$unknown" ] || { printf 'not in sim/mutants.accepted:\n%s\n' "$unknown"; exit 1; }
}

command=${1:-}; shift || true
case $command in
  tests)
    sample=1000000
    [ "${1:-}" != --sample ] || { sample=$2; shift 2; }
    [ "${1:-}" != -- ] || shift
    prepare
    mutants "$@"
    : >"$log"; by_tests || fail "the stack as it is does not pass its tests: see $log"
    sed "${sample}q" "$list" | stage tests by_tests
    ;;
  runs)
    prepare
    : >"$log"; by_runs || fail "the stack as it is does not pass its runs: see $log"
    while IFS= read -r mutant; do
      grep -qxF -e "$(jq -r .id <<<"$mutant")" <(ids tests survives) && printf '%s\n' "$mutant"
    done <"$list" | stage runs by_runs
    ;;
  report) report ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2 ;;
esac
