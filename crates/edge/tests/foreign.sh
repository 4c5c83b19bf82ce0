#!/usr/bin/env bash
# The golden bundles on other processors and in other languages; what a machine lacks is reported as skipped.
#
#     crates/edge/tests/foreign.sh
#
# wasm in Node and in headless Chromium, C through the static library, 64-bit ARM under qemu-user, a Cortex-M4 under
# qemu-system-arm. Each reproduces the bundles' samples to the last bit.
set -uo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
cd "$here/../.."
target="${CARGO_TARGET_DIR:-$PWD/target}"
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT
failed=0
golden=("$here"/tests/golden/*.tenure)

say() { printf '%-28s %s\n' "$1" "$2"; }
verdict() { if [ "$2" -eq 0 ]; then say "$1" ok; else say "$1" FAILED; failed=1; fi; }
has_target() { rustup target list --installed 2>/dev/null | grep -qx "$1"; }

if ! has_target wasm32-unknown-unknown; then
    say wasm "skipped: rustup target add wasm32-unknown-unknown"
else
    "$here/wasm/build.sh" "$out/wasm" || failed=1
    [ "$(stat -c %s "$out/wasm/tenure.wasm")" -le 102400 ]
    verdict "wasm is at most 100 KB" $?
    if command -v node >/dev/null; then
        node "$here/tests/node.js" "$out/wasm" "${golden[@]}"
        verdict "wasm in Node" $?
    else
        say "wasm in Node" "skipped: no node"
    fi
    if command -v chromium >/dev/null; then
        page="$(chromium --headless --no-sandbox --disable-gpu --virtual-time-budget=5000 --dump-dom \
            "file://$out/wasm/demo.html" 2>/dev/null)"
        grep -q 'own samples reproduced to the bit' <<<"$page" && grep -Eq '<output id="score">probability 0\.[0-9]+' <<<"$page"
        verdict "demo page in Chromium" $?
    else
        say "demo page in Chromium" "skipped: no chromium"
    fi
fi

if command -v cc >/dev/null; then
    cargo rustc --quiet --release --locked -p tenure-edge --features capi --crate-type staticlib &&
        cc -std=c99 -Wall -Wextra -Werror -I "$here/include" "$here/examples/c/score.c" \
            "$target/release/libtenure_edge.a" -lpthread -ldl -lm -o "$out/score"
    verdict "C example compiles" $?
    for bundle in "${golden[@]}"; do
        "$out/score" "$bundle" >/dev/null
        verdict "C: $(basename "$bundle")" $?
    done
    "$out/score" "$here/tests/golden/v1-churn-8.tenure" spend=30 plan=gold
    verdict "C scores a row" $?
else
    say C "skipped: no C compiler"
fi

if has_target aarch64-unknown-linux-gnu && command -v qemu-aarch64 aarch64-linux-gnu-gcc >/dev/null; then
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" \
        cargo test --quiet --release --locked -p tenure-edge --target aarch64-unknown-linux-gnu -- golden kernels_agree nothing_saturates
    verdict "64-bit ARM under qemu" $?
else
    say "64-bit ARM" "skipped: needs its rust target, qemu-user and gcc-aarch64-linux-gnu"
fi

if has_target thumbv7em-none-eabi; then
    (cd "$here/firmware" && CARGO_TARGET_DIR="$target/firmware" cargo build --quiet --release)
    verdict "Cortex-M4 builds" $?
    elf="$target/firmware/thumbv7em-none-eabi/release/tenure-firmware"
    command -v size >/dev/null && size -A "$elf" | grep -E 'text|rodata|bundle'
    if command -v qemu-system-arm >/dev/null; then
        timeout 60 qemu-system-arm -M mps2-an386 -cpu cortex-m4 -semihosting -nographic -kernel "$elf"
        verdict "Cortex-M4 under qemu" $?
    else
        say "Cortex-M4 under qemu" "skipped: no qemu-system-arm"
    fi
else
    say "Cortex-M4" "skipped: rustup target add thumbv7em-none-eabi"
fi
exit "$failed"
