#!/bin/sh
# The README's tour from the import to overlapping groups, a coupon, and a campaign, each step checked. Start a server and create an agency
# first, as the README says; then, from the root of the repository, with `posthouse` in the PATH:
#
#   POSTHOUSE_URL=http://127.0.0.1:7411 POSTHOUSE_API_KEY=ph_… docs/tour/run.sh
#
# It writes the plugin's project into a temporary folder and needs an agency that has no bindings yet.
set -eu
export LANG=C.UTF-8 # the words below are English

: "${POSTHOUSE_URL:?the address of a server}" "${POSTHOUSE_API_KEY:?an owner key}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { # what must appear in the output, then the command
    wanted=$1
    shift
    printf '$ %s\n' "$*"
    "$@" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; exit 1; }
    cat "$work/out"
    grep -qF "$wanted" "$work/out" || { echo "tour: the answer lacks: $wanted" >&2; exit 1; }
}
get() { curl -sSf -H "Authorization: Bearer $POSTHOUSE_API_KEY" "$POSTHOUSE_URL/api/v1$1" && echo; }
post() { curl -sSf -H "Authorization: Bearer $POSTHOUSE_API_KEY" -H "Content-Type: application/json" -d "$2" "$POSTHOUSE_URL/api/v1$1" && echo; }
put() { curl -sSf -X PUT -H "Authorization: Bearer $POSTHOUSE_API_KEY" -H "Content-Type: application/json" -d "$2" "$POSTHOUSE_URL/api/v1$1" && echo; }
value() { grep -o "\"$1\": *\"[^\"]*\"" "$work/out" | head -n 1 | cut -d '"' -f 4; }
members() { get "/segments/calls.adviser-calls/members" | grep -o '"customer_id"' | wc -l | tr -d ' '; }
follows() { # how many members a segment must come to have
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(members)" = "$1" ] && return
        sleep 0.2
    done
    echo "tour: $(members) members, expected $1" >&2
    exit 1
}

step "54 rows. 54 landed" posthouse import bookings docs/tour/bookings.csv
step "0 landed, 54 known before" posthouse import bookings docs/tour/bookings.csv
step '"items":[{"id"' get "/customers?q=M001"
step "recency-days" get "/facts/export?format=csv"
step "revision 1" posthouse plugin activate calls plugins/dist/rfm.wasm
step "best-in-all" get "/segments/calls.champions/members"

step "src/lib.rs" posthouse plugin new welcome-home --parent "$work"
step "bytes" posthouse plugin build "$work/welcome-home"
step "would be accepted" posthouse plugin check "$work/welcome-home"
step "2 of 2 golden cases passed" posthouse plugin test "$work/welcome-home"
step "2 golden cases pass" posthouse plugin pack "$work/welcome-home"

step "is revision" posthouse plugin push "$work/welcome-home/welcome-home.wasm"
step "activate calls welcome-home --grant days-since-return,open-complaints" posthouse plugin preview calls welcome-home
grep -qF "26 of 26 customers move" "$work/out"
step "revision 2" posthouse plugin activate calls welcome-home --grant days-since-return,open-complaints
step "customers move" posthouse plugin preview calls welcome-home --settings '{"within_days": 14}'

before=$(members)
step '"accepted":1' post /events '{"events": [{"source": "desk", "external_id": "E-1", "type": "booking.completed",
    "occurred_at": "2026-01-15T09:30:00+08:00", "customer": {"identities": [{"kind": "member_no", "value": "M014"}]},
    "data": {"booking_id": "B048", "returns": "2026-01-14"}}]}'
follows $((before + 1))
step "brings back revision 1" posthouse plugin rollback calls
step "rollback to 1" posthouse plugin history calls
step '"restores":1' get /bindings/segmentation/calls/history
step "26 of 26 customers move" posthouse plugin activate lifecycle plugins/dist/lifecycle.wasm
step "9 of 26 customers move" posthouse plugin activate interest-nature plugins/dist/interest.wasm --settings '{"themes": ["nature"]}'
step "3 of 26 customers move" posthouse plugin activate interest-far plugins/dist/interest.wasm \
    --settings '{"themes": [], "destinations": ["Iceland", "Kyoto", "Lhasa"]}'
step '"binding":"interest-far"' get "/customers/$(get '/customers?q=M021' | sed 's/.*"items":\[{"id":"\([^"]*\)".*/\1/')"

# a campaign that takes coupons, planned by one key and approved by another
step '"extension_point": "promotion"' posthouse plugin push plugins/dist/buy-together.wasm --json
digest=$(value digest)
step '"mode":"ordered"' put /stacking-groups/basket '{"mode": "ordered", "title": {"zh-CN": "组合优惠", "en": "Combinations"}}'
step '"state":"draft"' post /campaigns '{"key": "fair", "type": "joint", "name": "Travel fair", "plan": {
    "goal": {"purpose": "Hand out coupons at the fair"}, "window": {"from": "2026-01-10", "to": "2026-03-01"}, "budget": {"total": 5000000},
    "stacking": {"group": "basket", "priority": 1}, "rule": {"digest": "'"$digest"'", "config": {"rate": 1000}}, "needs_coupon": true}}'
step '"state":"submitted"' post /campaigns/fair/submit '{}'
step '"api_key"' post /keys '{"name": "approver", "scopes": ["approvals", "read"]}'
approver=$(value api_key)
approve() { (POSTHOUSE_API_KEY=$approver && post /campaigns/fair/approve '{}'); }
step '"state":"approved"' approve
step '"state":"running"' post /campaigns/fair/start '{}'
step "says the same, byte for byte" docs/tour/coupon.sh fair

# a campaign all the way, as in docs/campaigns.md
step "early-bird" posthouse plugin push plugins/dist/early-bird.wasm
campaign() { PLANNER=$POSTHOUSE_API_KEY APPROVER=$approver docs/tour/campaign.sh; }
step "campaign: done" campaign
echo "tour: done"
