#!/bin/sh
# Makes the pictures in docs/screenshots anew: every page at two widths, light and dark, in a real browser.
set -eu
cd "$(dirname "$0")/.."
export SQLX_OFFLINE=true

deploy/setup.sh test
cargo build --locked -p socialhook
rm -rf docs/screenshots
exec "${CARGO_TARGET_DIR:-target}/debug/socialhook" with-postgres -- cargo test --locked -p socialhook-tests --test it every_page::screenshots -- --ignored --exact
