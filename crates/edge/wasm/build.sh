#!/usr/bin/env bash
# Builds the wasm runtime and the demo page:  wasm/build.sh FOLDER [BUNDLE]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
out="$(mkdir -p "$1" && cd "$1" && pwd)"
bundle="${2:-$here/../tests/golden/v1-churn-8.tenure}"
target="${CARGO_TARGET_DIR:-$here/../../../target}/wasm"
cd "$here/../../.."
CARGO_PROFILE_RELEASE_LTO=true CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_STRIP=true \
CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_OPT_LEVEL=s \
RUSTFLAGS="-C target-feature=+simd128" CARGO_TARGET_DIR="$target" \
    cargo rustc --quiet --release --locked -p tenure-edge --features wasm --target wasm32-unknown-unknown --crate-type cdylib
cp "$target/wasm32-unknown-unknown/release/tenure_edge.wasm" "$out/tenure.wasm"
cp "$here/tenure.js" "$here/tenure.d.ts" "$out/"
base64 -w0 "$out/tenure.wasm" >"$out/wasm.b64"
base64 -w0 "$bundle" >"$out/bundle.b64"
# Placeholders of the page, each on its own: script, runtime, bundle.
awk -v out="$out" -v here="$here" '
    function all(path,  line, text) { text = ""; while ((getline line < path) > 0) text = text line "\n"; return text }
    function put(line, mark, text,  at) {
        at = index(line, mark)
        return at ? substr(line, 1, at - 1) text substr(line, at + length(mark)) : line
    }
    BEGIN { script = all(here "/tenure.js"); wasm = all(out "/wasm.b64"); bundle = all(out "/bundle.b64")
            sub(/\n$/, "", wasm); sub(/\n$/, "", bundle) }
    { print put(put(put($0, "/*SCRIPT*/", script), "/*WASM*/", wasm), "/*BUNDLE*/", bundle) }
' "$here/demo.html" >"$out/demo.html"
rm "$out/wasm.b64" "$out/bundle.b64"
printf 'tenure.wasm: %s bytes\n' "$(stat -c %s "$out/tenure.wasm")"
