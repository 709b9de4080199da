#!/bin/sh
# A coupon as in the README: created, quoted, booked, cancelled, and usable again. For a server with a running campaign that takes coupons
# in shops and takes 240.00 off the hotel below; the demo's is `travel-fair`.
#
#   POSTHOUSE_URL=http://127.0.0.1:7300 POSTHOUSE_API_KEY=ph_… docs/tour/coupon.sh [CAMPAIGN]
set -eu
export LANG=C.UTF-8 # the words below are English

: "${POSTHOUSE_URL:?the address of a server}" "${POSTHOUSE_API_KEY:?an owner key}"
run=$(date +%s)

get() { curl -sSf -H "Authorization: Bearer $POSTHOUSE_API_KEY" "$POSTHOUSE_URL/api/v1$1" && echo; }
post() { curl -sSf -H "Authorization: Bearer $POSTHOUSE_API_KEY" -H "Content-Type: application/json" "$POSTHOUSE_URL/api/v1$1" -d "$2" && echo; }
value() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }
holds() { # what the text must have
    case $1 in
    *"$2"*) printf '%s\n' "$1" ;;
    *) printf 'coupon: %s\nlacks: %s\n' "$1" "$2" >&2 && exit 1 ;;
    esac
}

code=$(post "/campaigns/${1:-travel-fair}/coupons" '{"label": "At the counter", "count": 1}' | value code)
guest=$(post /customers "{\"name\": \"陆羽\", \"identities\": [{\"kind\": \"member_no\", \"value\": \"C-$run\"}]}" | value id)

quote=$(post /quotes "{\"customer_id\": \"$guest\", \"channel\": \"store\", \"codes\": [\"$code\"], \"lines\": [
    {\"sku\": \"F-SHA-KIX\", \"kind\": \"flight\", \"destination\": \"Kyoto\", \"travellers\": 2, \"unit_price\": 160000, \"quantity\": 2},
    {\"sku\": \"H-KYOTO-4N\", \"kind\": \"hotel\", \"destination\": \"Kyoto\", \"travellers\": 2, \"unit_price\": 240000, \"quantity\": 1}]}")
holds "$quote" '"list_price":560000,"price":536000'
holds "$quote" '"state":"held"' >/dev/null
id=$(echo "$quote" | value id)
now=$(echo "$quote" | value at)

holds "$(post "/quotes/$id/confirm" "{\"booking_id\": \"B-$run\"}")" '"state":"confirmed"'
holds "$(post "/quotes/$id/confirm" "{\"booking_id\": \"B-$run\"}")" '"state":"confirmed"' >/dev/null
book() { # which event, further data
    post /events "{\"events\": [{\"source\": \"desk\", \"external_id\": \"$1-$run\", \"type\": \"$1\", \"occurred_at\": \"$now\",
        \"customer\": {\"identities\": [{\"kind\": \"member_no\", \"value\": \"C-$run\"}]}, \"data\": {\"booking_id\": \"B-$run\"$2}}]}"
}
holds "$(book booking.confirmed ', "amount": 536000')" '"accepted":1'
holds "$(post /coupons/look-up "{\"code\": \"$code\"}")" '"state":"coupon_used_up"'

holds "$(book booking.cancelled '')" '"accepted":1'
for _ in 1 2 3 4 5 6 7 8 9 10; do
    quote=$(get "/quotes/$id")
    case $quote in *'"returned":24000'*) break ;; esac
    sleep 0.5
done
holds "$quote" '"returned":24000'
holds "$(post /coupons/look-up "{\"code\": \"$code\"}")" '"state":"good"'

posthouse replay "$(echo "$quote" | value decision)"
