#!/bin/sh
# Builds the service and measures it on this machine, beside what to compare it with. `make bench` does this; options are passed on.
set -eu
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
command -v cargo >/dev/null || { echo "bench: Rust is missing, see https://rustup.rs" >&2; exit 1; }

deploy/setup.sh run
SQLX_OFFLINE=true cargo build --release --locked -p socialhook
exec "${CARGO_TARGET_DIR:-target}/release/socialhook" bench "$@"
