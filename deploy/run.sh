#!/bin/sh
# Builds the service and runs it on a database of its own, with a demo tenant to look around in. `make run` does this.
set -eu
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
command -v cargo >/dev/null || { echo "run: Rust is missing, see https://rustup.rs" >&2; exit 1; }

deploy/setup.sh run
SQLX_OFFLINE=true cargo build --release --locked -p socialhook
exec "${CARGO_TARGET_DIR:-target}/release/socialhook" serve --demo "$@"
