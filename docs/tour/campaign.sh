#!/bin/sh
# A campaign from plan to evaluation, as docs/campaigns.md has it, each step checked. Start a server first (`make demo`, or one of your own
# with the plugin early-bird uploaded); then, from the root of the repository, with `posthouse` in the PATH and two keys of the agency:
#
#   POSTHOUSE_URL=http://127.0.0.1:7300 PLANNER=ph_… APPROVER=ph_… docs/tour/campaign.sh
#
# The planner's key needs the scopes campaigns, rules, quotes, intake and read, the approver's approvals and read. Every run makes a new campaign.
set -eu

: "${POSTHOUSE_URL:?the address of a server}" "${PLANNER:?the key that plans}" "${APPROVER:?the key that approves}"
run=$(date +%s)
key=last-seats-$run
priority=$((run % 900 + 100)) # two campaigns in force never share one
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LANG=C.UTF-8

planner() { POSTHOUSE_API_KEY=$PLANNER posthouse "$@"; }
approver() { POSTHOUSE_API_KEY=$APPROVER posthouse "$@"; }
effect() { curl -sSf -H "Authorization: Bearer $APPROVER" "$POSTHOUSE_URL/api/v1/campaigns/$key/effect" && echo; }
step() { # what must appear in the output, then the command
    wanted=$1
    shift
    printf '$ %s\n' "$*"
    "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
    cat "$work/out"
    grep -qF "$wanted" "$work/out" || { echo "campaign: the answer lacks: $wanted" >&2; exit 1; }
}
refused() { # the code, then a command that has to fail
    code=$1
    shift
    printf '$ %s\n' "$*"
    if "$@" --json >"$work/out" 2>&1; then echo "campaign: this should be refused" >&2; exit 1; fi
    cat "$work/out"
    grep -qF "$code" "$work/out" || { echo "campaign: the refusal is not $code" >&2; exit 1; }
}

step short-notice planner campaigns group short-notice stackable --en "Short notice" --zh "临近出发"
cat >"$work/plan.toml" <<END
key = "$key"
type = "price-or-gift"
name = "Last seats"
owner = "Sales"
price_floor = "80 %"

[goal]
purpose = "Sell the seats that are left on departures of the coming weeks"
targets = { participants = 40, sales = "400,000.00" }

[window]
first_day = "today"
days = 30

[budget]
total = "20,000.00"
per_customer = "1,500.00"

[stacking]
group = "short-notice"
priority = $priority

[rule]
plugin = "early-bird"
settings = { steps = [{ days = 7, rate = 700 }] }
END
step "would be created" planner campaigns plan "$work/plan.toml" --dry-run
step "is created as a draft" planner campaigns plan "$work/plan.toml"
step "is submitted" planner campaigns submit "$key"
refused own_plan planner campaigns approve "$key"
step "20,000.00" approver campaigns show "$key"
step "agreed to this plan" approver campaigns approve "$key" --note "watch the budget"

step "tasks done" planner tasks add "Brief the shops" --subject "campaign/$key" --kind training
task=$(grep -o 'tasks done [0-9a-f-]*' "$work/out" | cut -d ' ' -f 3)
refused open_tasks planner campaigns start "$key"
step "Done: Brief the shops" planner tasks done "$task"
step "is running" planner campaigns start "$key"

cat >"$work/basket.toml" <<END
channel = "store"

[[lines]]
sku = "YN-7"
kind = "tour"
destination = "云南"
departs = "in 14 days"
travellers = 2
quantity = 2
unit_price = "4,980.00"
END
guest() { curl -sSf -X POST -H "Authorization: Bearer $PLANNER" -H "Content-Type: application/json" "$POSTHOUSE_URL/api/v1/customers" \
    -d "{\"name\": \"陆羽\", \"identities\": [{\"kind\": \"member_no\", \"value\": \"LAST-$run\"}]}" && echo; }
step '"id"' guest
step '"price": 926280' planner quote "$work/basket.toml" --customer "LAST-$run" --json
quote=$(grep '^  "id":' "$work/out" | cut -d '"' -f 4)
step "Confirmed with booking" planner confirm "$quote" --booking "LAST-$run"
step "spent" planner campaigns show "$key"

sed 's/total = "20,000.00"/total = "35,000.00"/' "$work/plan.toml" >"$work/more.toml"
step "Amendment 1" planner campaigns amend "$work/more.toml" --note "sells better than planned"
refused own_plan planner campaigns approve "$key" --amendment 1
step "Amendment 1" approver campaigns amendments "$key"
step "in force with the next quote" approver campaigns approve "$key" --amendment 1
step "35,000.00" approver campaigns show "$key"

step "is paused" planner campaigns pause "$key"
step "is running" planner campaigns resume "$key"
step "is ended" planner campaigns end "$key" --note "sold out"
step '"participants"' effect
step "is evaluated" planner campaigns evaluate "$key" --judgement "Guests liked it" --lessons "Brief the shops a week ahead"
echo "campaign: done"
