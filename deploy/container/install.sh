#!/bin/sh
# Lays ptame into a folder that needs nothing else: sources, packages of npm, the shipped weights and head. The
# Containerfile calls it; it works on any system that has deno.
#
#     install.sh CHECKOUT FOLDER
set -eu
checkout=${1:?names the checkout}
prefix=${2:?names the folder}

mkdir -p "$prefix/bin"
for each in src models mod.ts deno.json deno.lock LICENSE NOTICE tools; do
  cp -R "$checkout/$each" "$prefix/$each"
done
cp "$checkout/deploy/container/ptame" "$prefix/bin/ptame"
chmod 0755 "$prefix/bin/ptame"

# Everything that the program and its workers load, by the digests of deno.lock. Programs run with --cached-only.
export DENO_DIR="$prefix/deno" DENO_NO_UPDATE_CHECK=1
cd "$prefix"
deno run --no-config --no-lock -A tools/launch.ts deno cache --quiet src/cli/main.ts src/cli/folder/image_worker.ts src/cli/evaluation/measure_worker.ts \
  src/image/start_decode_worker.js src/image/decode_worker.ts \
  src/ptame/training/start_image_worker.js src/ptame/training/image_worker.ts \
  src/faithfulness/report/mod.ts npm:aws4fetch@1.0.20 npm:hyparquet@1.31.5 \
  npm:hyparquet-compressors@1.1.2 npm:hyparquet-writer@0.17.0 npm:linkedom@0.18.12 npm:modern-tar@0.8.6 npm:prom-client@15.1.3
# What is inside: exact versions, digests and licences. The packages that write it are not part of it.
own=$(mktemp -d)
(
  cd "$checkout"
  DENO_DIR="$own" deno run --no-config --no-lock -A tools/launch.ts deno run -A tools/supply/sbom.ts --out "$prefix/ptame.cdx.json"
)
rm -rf "$own"
# Compiled once, so that the first start does not compile; this also shows that the weights are whole.
bin/ptame explain --quiet --device wasm --out "$prefix/try.png"
rm -f "$prefix/try.png"
chmod -R a+rX,go-w "$prefix"
