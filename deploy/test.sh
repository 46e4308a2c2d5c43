#!/bin/sh
# What every change has to pass: format, lints, and all tests against a private PostgreSQL and a real browser. `make test` does this.
set -eu
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
command -v cargo >/dev/null || { echo "test: Rust is missing, see https://rustup.rs" >&2; exit 1; }
# Queries are checked against .sqlx, so that no build needs a database.
export SQLX_OFFLINE=true

deploy/setup.sh test
cargo fmt --all --check
cargo clippy --locked --workspace --all-targets -- -D warnings
if cargo deny --version >/dev/null 2>&1; then
    cargo deny check bans licenses sources
else
    echo "test: skipped the check of licences and sources, since cargo-deny is not installed"
fi
# The tests of the process run this binary; it also starts the PostgreSQL for all others.
cargo build --locked -p socialhook
if cargo nextest --version >/dev/null 2>&1; then
    set -- cargo nextest run --locked --workspace "$@"
else
    set -- cargo test --locked --workspace "$@"
fi
exec "${CARGO_TARGET_DIR:-target}/debug/socialhook" with-postgres -- "$@"
