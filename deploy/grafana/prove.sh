#!/usr/bin/env bash
# Debian's Prometheus reads a server under load, with its token, and every query of the dashboard gives numbers.
#
#     deploy/grafana/prove.sh                 needs Debian's prometheus, curl and python3
#
# PTAME names the program (by default this checkout's, through `deno task`).
set -euo pipefail
here="$(cd "$(dirname "$0")/../.." && pwd)"
PTAME="${PTAME:-deno task --quiet --config $here/deno.json}"
work="$(mktemp -d /tmp/ptame-metrics.XXXXXX)"
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
fail() {
  echo "FAILED: $*" >&2
  tail -n 20 "$work"/*.log >&2
  exit 1
}
head -c 24 /dev/urandom | base64 | tr '+/' '-_' > "$work/token"
token="$(cat "$work/token")"
$PTAME serve --port 18766 --device wasm --threads 1 --no-urls --token-file "$work/token" --log json > "$work/serve.log" 2>&1 &
pids+=($!)
for _ in $(seq 240); do
  curl -sf http://127.0.0.1:18766/readyz > /dev/null && break
  sleep 0.5
done
# The configuration that is shipped, but for addresses and pace.
sed -e "s|/run/secrets/token|$work/token|" -e 's|ptame:8000|127.0.0.1:18766|' -e 's|15s|1s|' \
  "$here/deploy/grafana/prometheus.yml" > "$work/prometheus.yml"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
  --web.listen-address=127.0.0.1:19090 > "$work/prometheus.log" 2>&1 &
pids+=($!)
ask() { curl -s -o /dev/null -H "authorization: Bearer $token" -H "content-type: image/jpeg" "$@" "http://127.0.0.1:18766/explain"; }
ask --data-binary @"$here/models/sample/chelsea.jpg"
sleep 3
for _ in $(seq 8); do
  ask --data-binary @"$here/models/sample/chelsea.jpg" &
  ask --data-binary "no image" &
  wait "$!"
  sleep 1
done
sleep 3
python3 - "$here/deploy/grafana/dashboard.json" <<'PYTHON' || fail "a query of the dashboard gives nothing"
import json, sys, urllib.parse, urllib.request
empty = count = 0
for panel in json.load(open(sys.argv[1]))["panels"]:
    for target in panel["targets"]:
        query = target["expr"].replace("$__rate_interval", "1m")
        url = "http://127.0.0.1:19090/api/v1/query?" + urllib.parse.urlencode({"query": query})
        result = json.load(urllib.request.urlopen(url))["data"]["result"]
        values = [float(each["value"][1]) for each in result]
        good = bool(values) and all(value == value for value in values)
        count, empty = count + 1, empty + (not good)
        print(f"{panel['title']:40} {', '.join(f'{value:.4g}' for value in values[:4])}{'' if good else '  NOTHING'}")
print(f"{count - empty} of {count} queries give numbers")
sys.exit(empty > 0)
PYTHON
echo "PROVED: Prometheus reads the metrics with the token, and the dashboard's queries give numbers"
