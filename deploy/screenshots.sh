#!/bin/sh
# Makes the pictures in docs/screenshots anew: every page at two widths, light and dark, as the tests have just seen them.
set -eu
cd "$(dirname "$0")/.."

rm -rf target/pages
deploy/test.sh every_page
rm -rf docs/screenshots && mkdir -p docs/screenshots
cp target/pages/*.webp docs/screenshots/
