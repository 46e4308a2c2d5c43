# make run      the relay with a database of its own and something to look at
# make test     what every change has to pass
# make prepare  after changing a query or a migration: writes down, in .sqlx, what the database says of each query

export PATH := $(PATH):$(HOME)/.cargo/bin
# Queries are checked against .sqlx, so that no build needs a database.
export SQLX_OFFLINE := true

target := $(or $(CARGO_TARGET_DIR),target)
with_postgres := $(target)/debug/socialhook with-postgres --

.PHONY: run test lint deny prepare cargo
.NOTPARALLEL:

run: cargo
	deploy/setup.sh run
	cargo build --release --locked -p socialhook
	exec $(target)/release/socialhook serve --demo

test: cargo
	deploy/setup.sh test
	@$(MAKE) --no-print-directory lint deny
	cargo build --locked -p socialhook
	@if cargo nextest --version >/dev/null 2>&1; then \
		set -x; $(with_postgres) cargo nextest run --locked --workspace; \
	else \
		set -x; $(with_postgres) cargo test --locked --workspace; \
	fi

lint: cargo
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

deny: cargo
	@if cargo deny --version >/dev/null 2>&1; then \
		set -x; cargo deny check bans licenses sources; \
	else \
		echo "make: skipped the check of licences and sources, cargo-deny is not installed"; \
	fi

# The binary is one built earlier: a new query does not compile before it is in .sqlx. Hence also psql for the migrations.
prepare: cargo
	@test -x $(target)/debug/socialhook || cargo build --locked -p socialhook
	rm -rf $(target)/sqlx && mkdir -p $(target)/sqlx
	touch crates/store/src/lib.rs
	$(with_postgres) sh -euc '\
		for migration in migrations/*.sql; do \
			psql -X -q -v ON_ERROR_STOP=1 -d "$$DATABASE_URL" -f "$$migration"; \
		done; \
		SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$(abspath $(target))/sqlx" cargo check --locked -p socialhook-store --all-targets'
	rm -rf .sqlx && mv $(target)/sqlx .sqlx

cargo:
	@command -v cargo >/dev/null || { echo "make: Rust is missing, see https://rustup.rs" >&2; exit 1; }
