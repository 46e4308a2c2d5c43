#!/bin/sh
# After a change of a query or a migration: writes down, in .sqlx, what PostgreSQL says of each query. `make prepare` does this.
set -eu
cd "$(dirname "$0")/.."
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
# A binary built earlier will do: a new query does not compile before it is in .sqlx. Hence also psql for the migrations.
[ -x "$target/debug/socialhook" ] || SQLX_OFFLINE=true cargo build --locked -p socialhook
rm -rf "$target/sqlx" && mkdir -p "$target/sqlx"
touch crates/store/src/lib.rs
"$target/debug/socialhook" with-postgres -- sh -euc '
    for migration in migrations/*.sql; do
        psql -X -q -v ON_ERROR_STOP=1 -d "$DATABASE_URL" -f "$migration"
    done
    SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$1" cargo check --locked -p socialhook-store --all-targets
' prepare "$target/sqlx"
rm -rf .sqlx && mv "$target/sqlx" .sqlx
