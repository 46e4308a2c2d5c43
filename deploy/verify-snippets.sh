#!/bin/sh
# Runs the snippets that the dashboard shows, each with its language's official Standard Webhooks library, against a delivery that our
# own code signed: they have to take it, and to refuse it with one letter changed. Languages that are not installed are named as not run.
#
#   deploy/verify-snippets.sh             all
#   deploy/verify-snippets.sh node go     some
#
# Where the package hosts of PHP and Go are out of reach, STANDARD_WEBHOOKS names a checkout of
# https://github.com/standard-webhooks/standard-webhooks to take their libraries from.
set -eu
cd "$(dirname "$0")/.."
snippets=$PWD/deploy/snippets
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
have() { command -v "$1" >/dev/null 2>&1; }

cargo run --quiet --locked --package socialhook-core --example signed >"$work/signed"
value() { sed -n "s/^$1=//p" "$work/signed"; }
SECRET=$(value secret) ID=$(value id) TIMESTAMP=$(value timestamp) SIGNATURE=$(value signature) BODY=$(value body)
export SECRET ID TIMESTAMP SIGNATURE

node_ready() {
    have node && have npm || return 1
    mkdir "$work/node" && cd "$work/node"
    cp "$snippets/verify.mjs" .
    npm install --silent --no-fund --no-audit standardwebhooks >&2 || exit 3
    cat >run.mjs <<'RUN'
import { verify } from "./verify.mjs";
const { SECRET, ID, TIMESTAMP, SIGNATURE, BODY } = process.env;
verify(SECRET, BODY, { "webhook-id": ID, "webhook-timestamp": TIMESTAMP, "webhook-signature": SIGNATURE });
RUN
}
node_run() { node run.mjs; }

python_ready() {
    have python3 || return 1
    mkdir "$work/python" && cd "$work/python"
    cp "$snippets/verify.py" .
    python3 -m venv .venv && .venv/bin/pip install --quiet standardwebhooks >&2 || exit 3
    cat >run.py <<'RUN'
from os import environ as given
from verify import verify
headers = {"webhook-id": given["ID"], "webhook-timestamp": given["TIMESTAMP"], "webhook-signature": given["SIGNATURE"]}
verify(given["SECRET"], given["BODY"].encode(), headers)
RUN
}
python_run() { .venv/bin/python run.py; }

php_ready() {
    have php || return 1
    mkdir "$work/php" && cd "$work/php"
    cp "$snippets/verify.php" .
    if [ -n "${STANDARD_WEBHOOKS:-}" ]; then
        mkdir vendor
        [ -f "$STANDARD_WEBHOOKS/libraries/php/src/Webhook.php" ] || exit 3
        cat >vendor/autoload.php <<'RUN'
<?php
foreach (array_merge(glob(getenv('STANDARD_WEBHOOKS') . '/libraries/php/src/Exception/*.php'), [getenv('STANDARD_WEBHOOKS') . '/libraries/php/src/Webhook.php']) as $file) {
    require $file;
}
RUN
    else
        have composer || return 1
    fi
    [ -d vendor ] || COMPOSER_ALLOW_SUPERUSER=1 composer require --quiet --no-interaction standard-webhooks/standard-webhooks:dev-main >&2 || exit 3
    cat >run.php <<'RUN'
<?php
require 'vendor/autoload.php';
require 'verify.php';
verify(getenv('SECRET'), getenv('BODY'), [
    'webhook-id' => getenv('ID'), 'webhook-timestamp' => getenv('TIMESTAMP'), 'webhook-signature' => getenv('SIGNATURE'),
]);
RUN
}
php_run() { php run.php; }

go_ready() {
    have go || return 1
    mkdir "$work/go" && cd "$work/go"
    mkdir receiver && cp "$snippets/verify.go" receiver/
    cat >main.go <<'RUN'
package main

import (
	"net/http"
	"os"

	"example.test/run/receiver"
)

func main() {
	headers := http.Header{}
	headers.Set("webhook-id", os.Getenv("ID"))
	headers.Set("webhook-timestamp", os.Getenv("TIMESTAMP"))
	headers.Set("webhook-signature", os.Getenv("SIGNATURE"))
	if err := receiver.Verify(os.Getenv("SECRET"), []byte(os.Getenv("BODY")), headers); err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
RUN
    go mod init example.test/run >&2
    if [ -n "${STANDARD_WEBHOOKS:-}" ]; then
        go mod edit -replace "github.com/standard-webhooks/standard-webhooks/libraries=$STANDARD_WEBHOOKS/libraries"
    fi
    { go mod tidy && go build -o run .; } >&2 || exit 3
}
go_run() { ./run; }

rust_ready() {
    mkdir -p "$work/rust/src" && cd "$work/rust"
    cp "$snippets/verify.rs" src/
    cat >Cargo.toml <<'RUN'
[package]
name = "run"
version = "0.1.0"
edition = "2024"
[dependencies]
standardwebhooks = "1"
http = "1"
[workspace]
RUN
    cat >src/main.rs <<'RUN'
mod verify;
fn main() {
    let given = |name: &str| std::env::var(name).unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert("webhook-id", given("ID").parse().unwrap());
    headers.insert("webhook-timestamp", given("TIMESTAMP").parse().unwrap());
    headers.insert("webhook-signature", given("SIGNATURE").parse().unwrap());
    verify::verify(&given("SECRET"), given("BODY").as_bytes(), &headers).unwrap();
}
RUN
    cargo build --quiet >&2 || exit 3
}
rust_run() { target/debug/run; }

failed=
[ $# -gt 0 ] || set -- node python php go rust
for language in "$@"; do
    (
        "${language}_ready" || exit 2
        BODY=$BODY "${language}_run" >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
        # The same with one letter changed has to be refused.
        if BODY="$(printf %s "$BODY" | sed 's/received/recieved/')" "${language}_run" >/dev/null 2>&1; then exit 4; fi
    ) && code=0 || code=$?
    case $code in
        0) echo "$language: takes what we signed, refuses what was changed" ;;
        2) echo "$language: not run, since it is not installed here" ;;
        3) echo "$language: not run, since its library could not be fetched" ;;
        4) echo "$language: FAILED: it takes a body that was changed" && failed=yes ;;
        *) echo "$language: FAILED: it does not take what we signed" && failed=yes ;;
    esac
done
[ -z "$failed" ]
