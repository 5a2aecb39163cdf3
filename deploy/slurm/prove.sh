#!/usr/bin/env bash
# Runs explain_array.sh in a real Slurm on this machine: slurmctld, munge, and several slurmd on loopback. Two tasks of
# eight are killed and requeued; the joined results must be those of one process, byte for byte, and each image once.
#
#     deploy/slurm/prove.sh PHOTOS [NUMBER]        needs Debian's slurmctld, slurmd, slurm-client, munge, and root
#
# PTAME names the program (by default this checkout's, through `deno task`).
set -euo pipefail
here="$(cd "$(dirname "$0")/../.." && pwd)"
photos="$(cd "${1:?names a folder of photographs}" && pwd)"
number="${2:-200}"
nodes=4
tasks=8
work="$(mktemp -d /tmp/ptame-slurm.XXXXXX)"
export SLURM_CONF="$work/slurm.conf"
export PTAME="${PTAME:-deno task --quiet --config $here/deno.json}"
pids=()
stop() {
  scancel --quiet --user="$(id -un)" 2>/dev/null || true
  # The steps end with their jobs, and not with slurmd.
  for _ in $(seq 30); do
    [ -n "$(squeue --noheader 2>/dev/null)" ] || break
    sleep 1
  done
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap stop EXIT
fail() {
  echo "FAILED: $*" >&2
  tail -n 20 "$work"/*.log >&2 || true
  exit 1
}

# Photographs, evenly spread over the folder.
mkdir -p "$work/photos" "$work/alone"
mapfile -t found < <(find "$photos" -type f -iname '*.jpg' | LC_ALL=C sort)
[ "${#found[@]}" -ge "$number" ] || fail "$photos has only ${#found[@]} photographs"
for ((i = 0; i < number; i++)); do
  image="${found[$((i * ${#found[@]} / number))]}"
  ln -s "$image" "$work/photos/$(printf %05d "$i")-$(basename "$image")"
done
ln -s "$work/photos" "$work/alone/photos"

# Munge with a key of its own, so that this machine's, if it has one, is not touched.
mkdir -m 0755 "$work/munge"
head -c 128 /dev/urandom > "$work/munge/key"
chmod 0400 "$work/munge/key"
chown -R munge: "$work/munge"
chmod 0755 "$work"
setpriv --reuid=munge --regid=munge --clear-groups munged --foreground --force --key-file="$work/munge/key" \
  --socket="$work/munge/socket" --pid-file="$work/munge/pid" --log-file="$work/munge/log" \
  --seed-file="$work/munge/seed" > "$work/munged.log" 2>&1 &
pids+=($!)

host="$(hostname -s)"
cat > "$SLURM_CONF" <<CONF
ClusterName=ptame
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=10
MinJobAge=3600
NodeName=node[1-$nodes] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-1700$nodes] CPUs=1 RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
mkdir -p "$work/state"
slurmctld -D > "$work/slurmctld.out" 2>&1 &
pids+=($!)
for ((i = 1; i <= nodes; i++)); do
  mkdir -p "$work/spool-node$i"
  slurmd -D -N "node$i" > "$work/slurmd-$i.out" 2>&1 &
  pids+=($!)
done
for _ in $(seq 60); do
  [ "$(sinfo --noheader --format=%D --states=idle 2>/dev/null)" = "$nodes" ] && break
  sleep 1
done
sinfo || fail "Slurm did not start"
[ "$(sinfo --noheader --format=%D --states=idle)" = "$nodes" ] || fail "the nodes are not idle"

# One process, for comparison, in a folder of its own.
options="--device wasm --threads 1 --quiet"
begun=$SECONDS
# shellcheck disable=SC2086
(cd "$work/alone" && $PTAME explain photos --out out --workers 1 $options)
echo "one process: $number images in $((SECONDS - begun)) s"

cd "$work"
begun=$SECONDS
job="$(IMAGES=photos OUT=out PTAME_OPTIONS="--device wasm --threads 1" sbatch --parsable --export=ALL \
  --array=0-$((tasks - 1)) --cpus-per-task=1 --mem=0 --time=60 "$here/deploy/slurm/explain_array.sh")"
echo "array $job of $tasks tasks on $nodes nodes"

lines() { if [ -f "$work/out/results.$1-of-$tasks.jsonl" ]; then wc -l < "$work/out/results.$1-of-$tasks.jsonl"; else echo 0; fi; }
# Waits until a part has some results; the task is stopped in the middle of the others.
begun_part() {
  for _ in $(seq 3000); do
    [ "$(lines "$1")" -ge 2 ] && return
    sleep 0.2
  done
  fail "part $1 has no results"
}
begun_part 1
scontrol requeue "${job}_0"
first="$(lines 1)"
begun_part 2
# As the kernel does when memory is short.
killed="$(pgrep -f 'explain photos --out out' | while read -r each; do
  tr '\0' '\n' < "/proc/$each/environ" 2>/dev/null | grep -qx "SLURM_ARRAY_TASK_ID=1" && echo "$each"
done || true)"
[ -n "$killed" ] || fail "task 1 has no process"
# shellcheck disable=SC2086
kill -9 $killed
second="$(lines 2)"
for _ in $(seq 120); do
  scontrol show job "${job}_1" | grep -q 'JobState=FAILED' && break
  sleep 0.5
done
scontrol requeue "${job}_1"
echo "requeued task 0 after $first results; killed task 1 after $second, and requeued it"

for _ in $(seq 1800); do
  [ -z "$(squeue --noheader --job="$job" 2>/dev/null)" ] && break
  sleep 1
done
[ -z "$(squeue --noheader --job="$job")" ] || fail "the array does not end"
restarts="$(scontrol show job "$job" | grep -o 'Restarts=[0-9]*' | sort | uniq -c | tr -s ' ' | tr '\n' ';')"
echo "array done in $((SECONDS - begun)) s; $restarts"
[ "$(scontrol show job "$job" | grep -c 'Restarts=[1-9]')" -ge 2 ] || fail "two tasks were not started again"
[ "$(scontrol show job "$job" | grep -c 'JobState=COMPLETED')" = "$tasks" ] || fail "a task failed"
grep -h "by Slurm" "$work"/ptame-*.log | sort -u | head -n 2
continued="$(grep -h "are already explained" "$work"/ptame-*.log || true)"
echo "$continued"
[ "$(wc -l <<< "$continued")" -ge 2 ] || fail "a task was not continued"

$PTAME merge out --out joined --without-times
(cd alone && $PTAME merge out --out joined --without-times --quiet)
cmp joined/results.jsonl alone/joined/results.jsonl || fail "the results differ"
[ "$(wc -l < joined/results.jsonl)" = "$number" ] || fail "not every image once"
same=0
while read -r overlay; do
  cmp "out/$overlay" "alone/out/$overlay" || fail "$overlay differs"
  same=$((same + 1))
done < <(cd alone/out && find . -name '*.png')
[ "$same" = "$number" ] || fail "$same overlays"
echo "PROVED: $number images, $tasks tasks, two killed: each image once, results and $same overlays as of one process"
rm -rf "$work"
