#!/bin/bash -p
#
# ilb-hairpin-guard, the mirror's part: tells the app by one event that a mirror became primary on this machine.
# docs/mirror.md says how ^ZMIRROR calls it and what Azure must allow.
#
# The token is that of the VM's managed identity, from the instance metadata service (IMDS); the event goes to a custom
# topic of Event Grid that takes CloudEvents. What passes by is tried again until the time limit, with the waits that
# Azure documents (MicrosoftDocs/entra-docs, how-to-use-vm-token.md, "Retry guidance": about 2, 4, 8, 16 s; a 410 lasts
# 70 s at most). A repeat is harmless: the event keeps its id, and the app takes one id once.
#
# Needs bash 4.4 and curl 7.55 or later, and no right on this machine. No secret is printed, logged or an argument.

export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 077
set -u

# Exit codes, which ^ZHAIRPIN puts into words.
TOLD=0 BROKEN=1 WRONG_ARGUMENT=2 NO_TOKEN=3 REFUSED=4 TIME_IS_UP=5

TOPIC='' METADATA=http://169.254.169.254 CLIENT_ID='' VIP='' MIRROR='' LIMIT=120 LOG='' TEST=''
MOST_PER_REQUEST=10
LONGEST_WAIT=16
STATUS='' BODY='' # of the last answer

usage() {
  printf '%s\n' \
    'tell-failover.sh --topic URL [options]: tells ilb-hairpin-guard that a mirror became primary on this VM' \
    '  --topic URL       the custom topic, https://NAME.REGION-1.eventgrid.azure.net/api/events' \
    '  --client-id GUID  of the identity to use, where the VM has several' \
    "  --vip ADDRESS     the mirror's address on the load balancer; without it, all of this VM's are meant" \
    '  --mirror NAME     told in the event, for people to read' \
    '  --seconds N       time limit of it all, 1 to 600 (120)' \
    '  --log FILE        where the last run is told as well' \
    '  --test            the app says in its log that the event came, and does nothing' \
    '  --metadata URL    another metadata service (http://169.254.169.254)' \
    'exit code: 0 told, 1 a program is missing, 2 wrong argument, 3 no token or VM id, 4 refused by the topic, 5 time is up'
}

say() {
  printf '%s\n' "$1"
  if [[ -n $LOG ]]; then printf '%s\n' "$1" >>"$LOG"; fi
}

end() { # code, text
  say "$2"
  exit "$1"
}

wrong() { end "$WRONG_ARGUMENT" "$1; --help tells the arguments"; }

read_arguments() {
  while (($# > 0)); do
    case $1 in
      --test) TEST=1 && shift && continue ;;
      --help) usage && exit 0 ;;
      --topic | --client-id | --vip | --mirror | --seconds | --log | --metadata) ;;
      *) wrong "there is no argument $(shown "$1")" ;;
    esac
    (($# > 1)) || wrong "$1 has no value"
    case $1 in
      --topic) TOPIC=$2 ;;
      --client-id) CLIENT_ID=$2 ;;
      --vip) VIP=$2 ;;
      --mirror) MIRROR=$2 ;;
      --seconds) LIMIT=$2 ;;
      --log) LOG=$2 ;;
      --metadata) METADATA=$2 ;;
    esac
    shift 2
  done
}

check_arguments() {
  local octet='(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])' hex='[0-9a-fA-F]' file=$LOG
  # Nothing is written to a file before it is known to be one.
  LOG=''
  if [[ -n $file ]]; then
    { : >"$file"; } 2>/dev/null || wrong "--log is $(shown "$file"): a file that can be written is expected"
    LOG=$file
  fi
  [[ $TOPIC =~ ^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*/api/events$ ]] ||
    wrong "--topic is $(shown "$TOPIC"): an address like https://NAME.REGION-1.eventgrid.azure.net/api/events is expected"
  [[ $METADATA =~ ^http://[A-Za-z0-9.-]+(:[0-9]{1,5})?$ ]] ||
    wrong "--metadata is $(shown "$METADATA"): an address like http://169.254.169.254 is expected"
  [[ -z $CLIENT_ID || $CLIENT_ID =~ ^$hex{8}-$hex{4}-$hex{4}-$hex{4}-$hex{12}$ ]] ||
    wrong "--client-id is $(shown "$CLIENT_ID"): the client id of a managed identity is expected, a GUID"
  [[ -z $VIP || $VIP =~ ^$octet\.$octet\.$octet\.$octet$ ]] ||
    wrong "--vip is $(shown "$VIP"): an IPv4 address like 10.0.1.100 is expected"
  [[ -z $MIRROR || $MIRROR =~ ^[A-Za-z0-9_.-]{1,64}$ ]] ||
    wrong "--mirror is $(shown "$MIRROR"): up to 64 letters, digits, or . _ - are expected"
  [[ $LIMIT =~ ^([1-9][0-9]?|[1-5][0-9][0-9]|600)$ ]] ||
    wrong "--seconds is $(shown "$LIMIT"): 1 to 600 is expected"
}

# What others wrote, fit for one line.
shown() {
  local text=${1//[[:cntrl:]]/ }
  printf '%s' "${text:0:300}"
}

# ask WHAT CODE STATUSES HEADERS CURL-ARGUMENTS...: STATUS and BODY of an answer. What no answer or one of these
# statuses came to is asked again; CODE ends the run for a certificate that cannot be trusted.
ask() {
  local what=$1 code=$2 passing=$3 headers=$4 wait=2 left answer ended
  shift 4
  while :; do
    left=$((LIMIT - SECONDS))
    ((left > 0)) || end "$TIME_IS_UP" "not told: no $what within $LIMIT seconds"
    # -q: no file of a user changes what is asked. Headers by stdin: arguments are there for everybody to see.
    answer=$(printf '%s\n' "$headers" |
      curl -q -sS --max-time $((left < MOST_PER_REQUEST ? left : MOST_PER_REQUEST)) -H @- -w '\n%{http_code}' "$@" 2>&1)
    ended=$?
    STATUS=${answer##*$'\n'} BODY=$(shown "${answer%$'\n'*}")
    if ((ended != 0)); then
      STATUS=000
      # 60, 77: the certificate, or the file of authorities. No wait helps.
      if ((ended == 60 || ended == 77)); then end "$code" "not told: $what: $BODY"; fi
    else
      # A token is longer than what is shown of other answers.
      BODY=${answer%$'\n'*}
    fi
    [[ $STATUS =~ ^($passing)$ ]] || return 0
    left=$((LIMIT - SECONDS))
    ((wait < left)) || wait=$((left > 0 ? left : 0))
    say "$what: HTTP $STATUS $(shown "$BODY"); again in $wait s"
    sleep "$wait"
    wait=$((wait * 2 < LONGEST_WAIT ? wait * 2 : LONGEST_WAIT))
  done
}

# An answer of the metadata service; proxies are none of its business. 404 and 410: it is being updated.
metadata() { # what, path and query
  ask "$1" "$NO_TOKEN" '000|404|408|410|429|5..' 'Metadata: true' --noproxy '*' --proto '=http' "$METADATA$2"
  [[ $STATUS == 200 ]] || end "$NO_TOKEN" "not told: $1: HTTP $STATUS $(shown "$BODY")"
}

tell() {
  local id token vm data event name='[^]["\\/[:cntrl:][:space:]]+'
  metadata 'id of this VM from the metadata service' '/metadata/instance/compute/resourceId?api-version=2021-02-01&format=text'
  vm=$BODY
  [[ $vm =~ ^/subscriptions/[0-9a-fA-F-]{36}/[rR]esource[gG]roups/$name/providers/[mM]icrosoft\.[cC]ompute/virtual[mM]achines/$name$ ]] ||
    end "$NO_TOKEN" "not told: the metadata service names this VM $(shown "$vm"), which is no id of a virtual machine"

  metadata 'token from the metadata service' \
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Feventgrid.azure.net${CLIENT_ID:+&client_id=$CLIENT_ID}"
  [[ $BODY =~ \"access_token\"[[:space:]]*:[[:space:]]*\"([A-Za-z0-9._~+/=-]+)\" ]] ||
    end "$NO_TOKEN" 'not told: the metadata service answered without a token'
  token=${BASH_REMATCH[1]}

  read -r id </proc/sys/kernel/random/uuid
  data="\"vmId\":\"$vm\"${VIP:+,\"vip\":\"$VIP\"}${MIRROR:+,\"mirror\":\"$MIRROR\"}${TEST:+,\"test\":true}"
  event="{\"specversion\":\"1.0\",\"id\":\"$id\",\"source\":\"$vm\",\"type\":\"IlbHairpinGuard.MirrorFailover\""
  event+=",\"subject\":\"$vm\",\"time\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\",\"data\":{$data}}"
  ask 'answer of the topic' "$REFUSED" '000|408|429|5..' \
    "Authorization: Bearer $token"$'\n''Content-Type: application/cloudevents+json; charset=utf-8' \
    --proto '=https' --tlsv1.2 --data-binary "$event" "$TOPIC?api-version=2018-01-01"
  case $STATUS in
    200) ;;
    401 | 403) end "$REFUSED" "not told: the topic: HTTP $STATUS $(shown "$BODY") Give the identity the role EventGrid Data Sender on the topic, and the VM a way to it." ;;
    *) end "$REFUSED" "not told: the topic: HTTP $STATUS $(shown "$BODY")" ;;
  esac
  end "$TOLD" "told${TEST:+ as a test}: event $id of $vm"
}

SECONDS=0
read_arguments "$@"
check_arguments
for program in curl date sleep; do
  type -P "$program" >/dev/null || end "$BROKEN" "not told: the program $program is missing"
done
tell
