#!/usr/bin/env bash
# Does in a clean Debian root what the Containerfile does, without a container engine: debootstrap, deno, install.sh, then
# the entry as user 10001 on a read-only root with a tmpfs at /tmp. The server must answer, show its metrics, refuse
# strangers, and end with 0 at SIGTERM.
#
#     deploy/container/prove.sh [DENO]        needs Debian's debootstrap, curl and python3, and root; DENO is the program of deno
#
# ROOT_TAR names a file that keeps the clean root for the next time.
set -euo pipefail
checkout="$(cd "$(dirname "$0")/../.." && pwd)"
deno="$(readlink -f "${1:-$(command -v deno)}")"
work="$(mktemp -d /tmp/ptame-root.XXXXXX)"
root="$work/root"
port=18765
server=""
stop() {
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
fail() {
  echo "FAILED: $*" >&2
  cat "$work/log" >&2 2>/dev/null || true
  exit 1
}

begun=$SECONDS
if [ -n "${ROOT_TAR:-}" ] && [ -f "$ROOT_TAR" ]; then
  mkdir "$root"
  tar -xpf "$ROOT_TAR" -C "$root"
else
  debootstrap --variant=minbase bookworm "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" > "$work/log"
  [ -z "${ROOT_TAR:-}" ] || tar -cf "$ROOT_TAR" -C "$root" .
fi
echo "the root took $((SECONDS - begun)) s"
install -m 0755 "$deno" "$root/usr/local/bin/deno"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir "$root/checkout"
# What Containerfile.dockerignore lets through.
for each in src models tools deploy/container mod.ts deno.json deno.lock LICENSE NOTICE; do
  mkdir -p "$(dirname "$root/checkout/$each")"
  cp -R "$checkout/$each" "$root/checkout/$each"
done
# A company's certificates, for npm's registry.
certificates=""
if [ -n "${SSL_CERT_FILE:-}" ]; then
  cp "$SSL_CERT_FILE" "$root/certificates.crt"
  certificates="DENO_CERT=/certificates.crt"
fi
begun=$SECONDS
# shellcheck disable=SC2016
unshare --mount sh -c 'mount -t proc proc "$1/proc" && shift && exec chroot "$@"' sh "$root" "$root" env PATH=/usr/local/bin:/usr/bin:/bin HOME=/root ${certificates:+"$certificates"} PTAME_STD="${PTAME_STD:-}" \
  /checkout/deploy/container/install.sh /checkout /opt/ptame > "$work/log" 2>&1 || fail "install.sh"
rm -rf "$root/checkout"
python3 -c '
import json, sys
bill = json.load(open(sys.argv[1]))
print("bill of materials:", bill["bomFormat"], bill["specVersion"], len(bill["components"]), "components")' \
  "$root/opt/ptame/ptame.cdx.json" 2> "$work/log" || fail "no bill of materials"
size() { du -sm "$1" | cut -f1; }
echo "install.sh took $((SECONDS - begun)) s; /opt/ptame has $(size "$root/opt/ptame") MB, the root $(size "$root") MB"

# Mounts of its own: the root is read-only but for /tmp. No user of the root, no variable of this shell.
in_root() {
  exec unshare --mount sh -c '
    root=$1 && shift
    mount --bind "$root" "$root" && mount -o remount,bind,ro "$root"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" && mount -t proc proc "$root/proc" && mount -t tmpfs tmpfs "$root/dev"
    for each in null zero random urandom; do
      : > "$root/dev/$each" && mount --bind "/dev/$each" "$root/dev/$each"
    done
    exec env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp XDG_CACHE_HOME=/tmp NO_COLOR=1 PTAME_TOKEN="$PTAME_TOKEN" \
      chroot --userspec=10001:10001 "$root" "$@"' sh "$root" "$@"
}

PTAME_TOKEN="$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')"
export PTAME_TOKEN
(in_root sh -c 'cd /tmp; touch /opt/ptame/x 2>/dev/null && echo "the root can be written"; id -u') > "$work/log"
[ "$(cat "$work/log")" = 10001 ] || fail "the user, or the root"
(in_root sh -c 'cd /tmp; /opt/ptame/bin/ptame explain --device wasm --out /tmp/out.png --quiet --json') > "$work/explained" 2> "$work/log" ||
  fail "explain"
grep -q '"Egyptian cat"' "$work/explained" || fail "explain says something else"
grep -i "warn\|readonly\|read-only" "$work/log" && fail "explain complains"

(in_root /opt/ptame/bin/ptame serve --host 0.0.0.0 --port "$port" --no-urls --offline --device wasm --log json) \
  > "$work/log" 2>&1 &
server=$!
for _ in $(seq 240); do
  curl -sf "http://127.0.0.1:$port/readyz" > /dev/null && break
  kill -0 "$server" 2>/dev/null || fail "the server ended"
  sleep 0.5
done
ask() { curl -s -o "$work/answer" -w '%{http_code}' -H "authorization: Bearer $PTAME_TOKEN" "$@"; }
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/metrics")" = 401 ] || fail "metrics without a token"
code="$(ask -H "content-type: image/jpeg" --data-binary @"$checkout/models/sample/chelsea.jpg" "http://127.0.0.1:$port/explain")"
[ "$code" = 200 ] || fail "explain answers $code"
[ "$(ask "http://127.0.0.1:$port/metrics")" = 200 ] || fail "no metrics"
grep -q 'ptame_requests_total{method="POST",path="/explain",status="200"} 1' "$work/answer" || fail "the metrics do not count"
echo "resident memory: $(($(sed -n 's/^process_resident_memory_bytes //p' "$work/answer") / 1000000)) MB"
kill -TERM "$server"
ended=0
wait "$server" || ended=$?
server=""
[ "$ended" = 0 ] || fail "SIGTERM gives $ended"
echo "PROVED: as user 10001 on a read-only root: explain, serve with a token, metrics, SIGTERM"
