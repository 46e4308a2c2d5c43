#!/bin/sh
# How long each page takes, and what it weighs, against a service that runs already:
#
#   deploy/page-times.sh [URL [E-MAIL PASSWORD]]     by default http://127.0.0.1:8080 and the tenant of `socialhook admin seed`
#
# Prints, of 20 requests one after the other, the median and the longest time until the whole page was there, over loopback: the server's
# time and a little more. Bytes are those of the page alone; style and scripts come once and are kept.
set -eu
base=${1:-http://127.0.0.1:8080}
email=${2:-seed@socialhook.test}
password=${3:-seed-password}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
get() { curl -sS --fail-with-body -b "$work/cookies" -c "$work/cookies" -H 'sec-fetch-site: same-origin' "$@"; }

get -o /dev/null -X POST "$base/sign-in" --data-urlencode "email=$email" --data-urlencode "password=$password"

# The first address on a page that fits, or nothing.
link() { get "$base$1" | grep -o "href=\"$2[^\"]*\"" | head -n 1 | cut -d '"' -f 2 | sed 's/&amp;/\&/g'; }
# The first id of a kind on a page.
id() { get "$base$1" | grep -o "$2_[0-9a-z]\{26\}" | head -n 1; }

endpoint=$(id /endpoints end)
channel=$(get "$base/deliveries" | grep -o 'value="chn_[0-9a-z]*"' | tail -n 1 | cut -d '"' -f 2)
delivery=$(link /deliveries '/deliveries/evt_')
conversation=$(id "$delivery" conv)
message=$(get "$base$delivery" | grep -o 'wamid\.[A-Za-z0-9]*' | head -n 1)

printf '%-62s %10s %10s %8s %8s\n' page 'median ms' 'worst ms' bytes gzip
for path in /overview '/overview?range=1h' '/overview?range=7d' '/overview?range=30d' \
    /deliveries '/deliveries?outcome=delivered' '/deliveries?outcome=waiting' '/deliveries?outcome=parked' '/deliveries?outcome=unmatched' \
    "/deliveries?channel=$channel" "/deliveries?endpoint=$endpoint" "/deliveries?outcome=parked&endpoint=$endpoint" \
    '/deliveries?event=call.*' '/deliveries?platform=whatsapp&event=message.read&last=24h' '/deliveries?outcome=parked&event=call.*' \
    "$(link /deliveries '/deliveries?after=')" "$delivery" "/messages?id=$message" "/search?q=$message" '/search?q=%2B447000000123' \
    "/conversations/$conversation" /inspector /endpoints "/endpoints/$endpoint" "/endpoints/$endpoint/delete" /channels /apps /replays /replays/new \
    "$(link /channels /channels/chn_)" "$(link /apps /apps/app_)" /clinic /settings /settings/delete /start; do
    times=$(for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        get -o "$work/page" -w '%{time_total}\n' "$base$path" || true
    done | sort -n)
    plain=$(wc -c <"$work/page")
    packed=$(get --compressed -o /dev/null -w '%{size_download}' "$base$path" || true)
    echo "$times" | awk -v path="$path" -v plain="$plain" -v packed="$packed" \
        '{ t[NR] = $1 * 1000 } END { printf "%-62.62s %10.1f %10.1f %8d %8d\n", path, t[int((NR + 1) / 2)], t[NR], plain, packed }'
done
