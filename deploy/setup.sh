#!/bin/sh
# Installs what SocialHook needs from the system, and nothing that is already there.
#
#   deploy/setup.sh run     PostgreSQL's server binaries and a C compiler: for `make run`
#   deploy/setup.sh test    the same, curl, a browser, its driver and axe: for `make test`
#
# It asks nothing, may be run again at any time, and needs root or sudo without a password only if something is missing. On Debian
# and Ubuntu it creates no PostgreSQL cluster and touches none: the relay starts a server of its own.
set -eu

oldest_postgres=15
axe_version=4.14.1
axe_sha256=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
axe_file=$(dirname "$0")/../.cache/axe.min.js
no_cluster=/etc/postgresql-common/createcluster.d/socialhook-setup.conf

say() { echo "setup: $*" >&2; }
fail() {
    say "$*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Prints the directory of the newest server that is new enough, in the places where the relay looks for it.
find_postgres() {
    best=0
    best_dir=
    for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /usr/bin "${SOCIALHOOK_PG_BIN:-}" \
        "$(pg_config --bindir 2>/dev/null || true)"; do
        if [ -z "$dir" ] || [ ! -x "$dir/initdb" ]; then continue; fi
        # "postgres (PostgreSQL) 17.2 (Debian ..)", or "17beta1"
        major=$("$dir/postgres" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9]*\).*/\1/p')
        if [ "${major:-0}" -gt "$best" ]; then
            best=$major
            best_dir=$dir
        fi
    done
    [ "$best" -ge "$oldest_postgres" ] && echo "$best_dir"
}

find_browser() {
    for browser in chromium google-chrome google-chrome-stable chromium-browser /snap/bin/chromium \
        "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        path=$(command -v "$browser" 2>/dev/null) || continue
        # Ubuntu's package is a script that only asks for the snap.
        if is_snap_stub "$path" && [ ! -e /snap/bin/chromium ]; then continue; fi
        echo "$path"
        return
    done
    return 1
}

is_snap_stub() { [ -f "$1" ] && head -c 2000 "$1" | grep -aq 'snap install\|/snap/bin/chromium'; }

find_driver() {
    for driver in chromedriver /usr/lib/chromium/chromedriver /usr/lib/chromium-browser/chromedriver /snap/bin/chromium.chromedriver; do
        path=$(command -v "$driver" 2>/dev/null) || continue
        if is_snap_stub "$path" && [ ! -e /snap/bin/chromium.chromedriver ]; then continue; fi
        echo "$path"
        return
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        fail "something is missing that only root can install. Run 'sudo $0 $mode' yourself, then start again."
    fi
}

apt_updated=
apt_install() {
    say "installing $*"
    if [ -z "$apt_updated" ]; then
        as_root apt-get -qq update || say "the package lists could not all be updated; going on with what is there"
        apt_updated=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2
}

# Debian's package creates and starts a cluster at its first installation, unless told not to. We say so for as long as we install.
apt_postgres() {
    as_root mkdir -p "${no_cluster%/*}"
    echo "create_main_cluster = false" | as_root tee "$no_cluster" >/dev/null
    trap 'as_root rm -f "$no_cluster"' EXIT
    apt_install postgresql
    as_root rm -f "$no_cluster"
    trap - EXIT
    find_postgres >/dev/null || fail "this system's PostgreSQL is older than $oldest_postgres. Add the packages of the PostgreSQL project" \
        "(sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y), then 'sudo apt-get install postgresql-17', and start again."
}

apt_browser() {
    if grep -q '^ID=ubuntu' /etc/os-release; then
        say "Ubuntu's chromium is a snap; installing that"
        have snap || fail "there is no snap here. Install Google Chrome and its chromedriver yourself, then start again."
        as_root snap install chromium >&2 || fail "the snap could not be installed. Install Google Chrome and its chromedriver yourself, then start again."
    else
        apt_install chromium chromium-driver
    fi
}

brew_install() {
    have brew || fail "Homebrew is missing, see https://brew.sh; with it, this installs $*."
    say "installing $*"
    brew install --quiet "$@" >&2
}

install_missing() {
    # A Mac has a `cc` that offers to install the real one.
    if [ "$system" = mac ]; then
        xcode-select -p >/dev/null 2>&1 || fail "the C compiler is missing. Run 'xcode-select --install', then start again."
        find_postgres >/dev/null || brew_install postgresql@17
        [ "$mode" = run ] || find_browser >/dev/null || brew_install --cask chromium
        [ "$mode" = run ] || find_driver >/dev/null || brew_install --cask chromedriver
        return
    fi
    missing=
    have cc || missing="$missing a C compiler;"
    find_postgres >/dev/null || missing="$missing PostgreSQL $oldest_postgres or newer;"
    if [ "$mode" = test ]; then
        if ! find_browser >/dev/null || ! find_driver >/dev/null; then missing="$missing Chromium and chromedriver;"; fi
        have curl || missing="$missing curl;"
    fi
    [ -n "$missing" ] || return 0
    [ "$system" = apt ] || fail "missing:$missing and this script knows only apt-get and brew. Install them, then start again."
    case $missing in *compiler*) apt_install gcc libc6-dev ;; esac
    case $missing in *PostgreSQL*) apt_postgres ;; esac
    case $missing in *Chromium*) apt_browser ;; esac
    case $missing in *curl*) apt_install curl ;; esac
}

sha256_of() {
    if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# The rules by which the tests judge the accessibility of pages: a script that is fetched, not kept with ours.
fetch_axe() {
    marker=$axe_file.$axe_version
    [ ! -e "$marker" ] || [ ! -s "$axe_file" ] || return 0
    say "fetching axe-core $axe_version"
    fetched=$(mktemp -d)
    trap 'rm -rf "$fetched"' EXIT
    curl -fsSL --retry 3 -o "$fetched/axe.tgz" "${npm_config_registry:-https://registry.npmjs.org}/axe-core/-/axe-core-$axe_version.tgz" ||
        fail "axe-core could not be fetched. Set npm_config_registry to a registry that this machine reaches, and start again."
    [ "$(sha256_of "$fetched/axe.tgz")" = "$axe_sha256" ] || fail "what was fetched is not axe-core $axe_version."
    tar -xzf "$fetched/axe.tgz" -C "$fetched" package/axe.min.js
    mkdir -p "${axe_file%/*}"
    mv "$fetched/package/axe.min.js" "$axe_file"
    : >"$marker"
    rm -rf "$fetched"
    trap - EXIT
}

# Asking the package is ten times quicker than starting a browser.
browser_version() {
    dpkg-query -W -f 'Chromium ${Version}' chromium 2>/dev/null || "$1" --version 2>/dev/null | head -n 1
}

report() {
    postgres=$(find_postgres) || fail "PostgreSQL is still missing."
    line="$("$postgres/postgres" --version) in $postgres"
    if [ "$mode" = test ]; then
        browser=$(find_browser) || fail "a browser is still missing."
        driver=$(find_driver) || fail "a chromedriver is still missing."
        line="$line; $(browser_version "$browser"); $("$driver" --version | cut -d ' ' -f 1,2)"
    fi
    say "ready: $line"
}

mode=${1:-}
case $mode in run | test) ;; *) fail "say what for: $0 run, or $0 test" ;; esac
if [ "$(uname -s)" = Darwin ]; then system=mac; elif have apt-get; then system=apt; else system=other; fi
install_missing
[ "$mode" = run ] || fetch_axe
report
