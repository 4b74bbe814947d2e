#!/usr/bin/env bash
# What no test of this repository could run, for want of an Azure subscription: run it with one. Needs az (signed in),
# curl and jq. Checks that change something run only when they are named.
#   infra/prove.sh --list                           what there is, and what each proves
#   infra/prove.sh --group GROUP                    all that only read
#   infra/prove.sh --group GROUP --vm VM_ID NAME…   those that are named
# GROUP is the output AZURE_RESOURCE_GROUP. Ends with `N passed, N failed`, and with 1 when one failed.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
GROUP='' VM='' PARAMETERS=''

# name, whether it only reads, and what it proves.
CHECKS=(
  'actions|reads|Azure knows every action of both roles by its name'
  'second-run|reads|deploying the same again changes nothing (what-if; needs --parameters FILE)'
  'event-subscriptions|reads|the event subscriptions are there, and Azure found their functions'
  'health|reads|the app signs in with its user-assigned identity on Flex Consumption, reads its storage and the lists, and says its version'
  'sweep|reads|a sweep came by itself in the last two hours and ended'
  'queries|reads|every query for alerts and workbook runs over the real log'
  'alerts|reads|the alerts were taken over a log that may have had no rows, and are on'
  'rule-health|reads|rule health answers for a mirror, and how long it takes (needs --vm)'
  'notice|changes|a notice by token reaches the app through the topic (a test of the way: no run comes of it; needs --vm)'
  'own-events|reads|the app published events of its own (needs eventsTopicId)'
  'recipe|changes|an apply on a member settles, and its path is proved (needs --vm)'
  'restart|changes|after a restart of the VM a check finds nothing to repair (needs --vm)'
  'resource-event|changes|what is done to a VM reaches the app through the system topic, also with sign-in by Entra ID (a tag is set; needs --vm)'
  'drain|changes|a run that is open while the app restarts settles all the same (needs --vm)'
)

fail() { echo "  $*" >&2; return 1; }
name_of() { az resource list --resource-group "$GROUP" --resource-type "$1" --query "[${2:-0}].name" --output tsv; }
app() { name_of Microsoft.Web/sites; }
insights() { name_of Microsoft.Insights/components; }
need_vm() { [[ $VM == /subscriptions/*/virtualMachines/* ]] || fail "--vm with the id of a mirror’s VM is needed"; }

# The app over HTTP: function whose key it takes, then what curl takes. Fails for an answer of 400 or more.
call() { # function path [curl…]
  local key url
  key="$(az functionapp function keys list --resource-group "$GROUP" --name "$(app)" --function-name "$1" --query default --output tsv)"
  url="https://$(app).azurewebsites.net$2"
  printf 'header = "x-functions-key: %s"\n' "$key" | curl --silent --show-error --fail --config - "${@:3}" "$url"
}

# Rows that a query over the app's log finds, as JSON.
log_rows() { az monitor app-insights query --app "$(insights)" --resource-group "$GROUP" --analytics-query "$1" --query 'tables[0].rows' --output json; }

# Waits up to so many seconds for a command to end with 0.
within() { # seconds command…
  local until=$((SECONDS + $1))
  until "${@:2}"; do
    ((SECONDS < until)) || return 1
    sleep 10
  done
}
logged() { [[ $(log_rows "traces | where timestamp > ago(15m) and message has '$1' and message has '$2'" | jq length) -gt 0 ]]; }

start_run() { # mode
  call startRun /api/runs --request POST --header content-type:application/json \
    --data "$(jq -n --arg vm "$VM" --arg mode "$1" '{scope: $vm, mode: $mode}')" | jq -re .runId
}
has_ended() { call runs "/api/runs/$1" | jq -e '.state == "settled" or .state == "failed"' >/dev/null; }
ended_run() { # mode: its document once it ended
  local id
  id="$(start_run "$1")"
  within 900 has_ended "$id" || fail "run $id has not ended"
  call runs "/api/runs/$id"
}

check_actions() {
  local role action known
  for role in read repair; do
    while read -r action; do
      known="$(az provider operation show --namespace "${action%%/*}" --query 'resourceTypes[].operations[].name' --output tsv)"
      grep -qixF "$action" <<<"$known" || fail "Azure does not know $action"
    done < <(jq -r '.Actions[]' "$HERE/roles/$role.json")
  done
}

check_second_run() {
  [[ -n $PARAMETERS ]] || fail '--parameters with the file of the deployment is needed'
  local changes
  changes="$(az deployment sub what-if --location "$(az group show --name "$GROUP" --query location --output tsv)" \
    --template-file "$HERE/main.json" --parameters "@$PARAMETERS" --no-pretty-print --output json |
    jq -r '.changes[] | select(.changeType | IN("NoChange", "Ignore") | not) | "\(.changeType) \(.resourceId)"')"
  [[ -z $changes ]] || fail "$changes"
}

check_event_subscriptions() {
  local topic states
  topic="$(az eventgrid topic list --resource-group "$GROUP" --query '[0].id' --output tsv)"
  states="$(az eventgrid event-subscription list --source-resource-id "$topic" --query '[].provisioningState' --output tsv)"
  [[ $states == Succeeded ]] || fail "the topic’s subscription is ${states:-not there}"
  while read -r topic; do
    states="$(az eventgrid system-topic event-subscription list --resource-group "$GROUP" --system-topic-name "$topic" --query '[].provisioningState' --output tsv)"
    [[ $states == Succeeded ]] || fail "$topic: ${states:-no subscription}"
  done < <(az eventgrid system-topic list --resource-group "$GROUP" --query '[].name' --output tsv)
}

check_health() {
  local health
  health="$(call health /api/health)"
  jq -r '"  version \(.version), commit \(.commit)"' <<<"$health"
  jq -e '.state == "ok" and .storage.state == "ok"' <<<"$health" >/dev/null || fail "$health"
}

check_sweep() {
  local since
  since="$(date -u -d '2 hours ago' +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -v-2H +%Y-%m-%dT%H:%M:%SZ)"
  call runs "/api/runs?signal=sweep&state=settled&limit=1&since=$since" | jq -e '.runs | length > 0' >/dev/null ||
    fail 'no sweep has settled in two hours'
}

check_queries() {
  local file
  for file in "$HERE"/queries/*.kql; do
    log_rows "$(cat "$file")" >/dev/null || fail "${file##*/} was refused"
  done
}

check_alerts() {
  local count on
  count="$(find "$HERE/queries" -name '*.kql' ! -name 'workbook-*' | wc -l)"
  on="$(az monitor scheduled-query list --resource-group "$GROUP" --query '[?enabled].name' --output tsv | wc -l)"
  ((on == count)) || fail "$on of $count alerts are on"
}

check_rule_health() {
  need_vm
  local rule began
  rule="$(az network lb list --subscription "$(cut -d/ -f3 <<<"$VM")" \
    --query "[].loadBalancingRules[?probe].id | [] | [0]" --output tsv)"
  began=$SECONDS
  az rest --method post --url "https://management.azure.com$rule/health?api-version=2024-05-01" --output json |
    jq -e 'has("loadBalancerBackendAddresses")' >/dev/null || fail "rule health of $rule did not answer"
  echo "  after $((SECONDS - began)) s"
}

check_notice() {
  need_vm
  local id token endpoint
  id="prove-$(date +%s)"
  token="$(az account get-access-token --resource https://eventgrid.azure.net --query accessToken --output tsv)"
  endpoint="$(az eventgrid topic list --resource-group "$GROUP" --query '[0].endpoint' --output tsv)"
  printf 'header = "authorization: Bearer %s"\n' "$token" | curl --silent --show-error --fail --config - "$endpoint?api-version=2018-01-01" \
    --header 'content-type: application/cloudevents+json; charset=utf-8' \
    --data "$(jq -n --arg id "$id" --arg vm "$VM" '{specversion: "1.0", id: $id, source: $vm, subject: $vm,
      type: "IlbHairpinGuard.MirrorFailover", data: {vmId: $vm, test: true}}')"
  within 600 logged mirror-test "$id" || fail 'the log shows no mirror-test'
}

check_own_events() {
  [[ $(log_rows "traces | where message has 'events-published' | take 1" | jq length) -gt 0 ]] || fail 'the log shows no events-published'
}

check_recipe() {
  need_vm
  local run
  run="$(ended_run apply)"
  jq -e '[.vms[].paths[] | .verdict == "compliant" and (.proof.kind | IN("self", "remote"))] | length > 0 and all' <<<"$run" >/dev/null ||
    fail "$run"
}

check_restart() {
  need_vm
  az vm restart --ids "$VM" --output none
  local run
  run="$(ended_run check)"
  jq -e '[.vms[].paths[].verdict == "compliant"] | length > 0 and all' <<<"$run" >/dev/null || fail "$run"
}

check_resource_event() {
  need_vm
  az tag update --resource-id "$VM" --operation Merge --tags "ilb-hairpin-guard-proved=$(date +%s)" --output none
  within 900 logged '"signal":"resourceChange"' "${VM##*/}" || fail 'the log shows no signal for it'
}

check_drain() {
  need_vm
  local id
  id="$(start_run check)"
  az functionapp restart --resource-group "$GROUP" --name "$(app)"
  within 1200 has_ended "$id" || fail "run $id has not ended"
}

list() {
  local entry name kind what
  for entry in "${CHECKS[@]}"; do
    IFS='|' read -r name kind what <<<"$entry"
    printf '%s\t%s\t%s\n' "$name" "$kind" "$what"
  done
}

asked=()
while (($# > 0)); do
  case $1 in
    --list) list; exit 0 ;;
    --group) GROUP="${2:?}"; shift 2 ;;
    --vm) VM="${2:?}"; shift 2 ;;
    --parameters) PARAMETERS="${2:?}"; shift 2 ;;
    -*) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    *) asked+=("$1"); shift ;;
  esac
done
for word in ${asked[@]+"${asked[@]}"}; do
  list | cut -f1 | grep -qxF "$word" || { echo "There is no check $word: see --list." >&2; exit 2; }
done
[[ -n $GROUP ]] || { echo '--group is missing: the output AZURE_RESOURCE_GROUP.' >&2; exit 2; }
for tool in az curl jq; do
  command -v "$tool" >/dev/null || { echo "$tool is missing." >&2; exit 2; }
done

passed=0 failed=0
while IFS=$'\t' read -r name kind what; do
  if ((${#asked[@]} > 0)); then
    printf '%s\n' "${asked[@]}" | grep -qxF "$name" || continue
  elif [[ $kind != reads ]]; then
    continue
  fi
  # A shell of its own: `set -e` does not hold in a condition.
  set +e
  (set -e; "check_${name//-/_}" </dev/null)
  code=$?
  set -e
  if ((code == 0)); then
    echo "ok     $name: $what"
    passed=$((passed + 1))
  else
    echo "FAILED $name: $what"
    failed=$((failed + 1))
  fi
done < <(list)
echo "$passed passed, $failed failed"
((failed == 0))
