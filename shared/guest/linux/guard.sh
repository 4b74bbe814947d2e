#!/bin/bash
#
# ilb-hairpin-guard, the Linux guest's part: lets this machine reach the VIPs of Azure internal load balancers that
# lead back to itself. It puts beside the system's own routing, and nowhere in the main table:
#
#   table 7201        VIP/32 via GATEWAY dev VIA-NIC src VIA       per frontend
#   table 7202...     VIA/32 via GATEWAY dev BACKEND-NIC           per backend NIC and via address
#   rule  pref 0      from BACKEND to VIA iif lo lookup 7202...    the server's reply goes to the wire, not through lo
#   rule  pref 2      from VIA to VIP lookup 7201                  per frontend
#   rule  pref 2      from 0.0.0.0/32 lookup 7201                  sockets that are not bound to an address
#
# All of it carries protocol 201; what carries it in tables 7201-7299 is this script's, and nothing else is.
# Everything only adds paths, so the order of the pref-2 rules does not matter. The pref-0 rules must stand before the
# kernel's `lookup local`; see order_local for how that is done without ever being without one.
#
# Needs bash 4.4, coreutils, iproute2 and kernel 4.17 or later. The last line on stdout is the report.

# Words are split on purpose (set -f keeps them from being file name patterns), and traps call functions:
# shellcheck disable=SC2086,SC2206,SC2317

# --- plan ---
COMMAND_ID=00000000000000000000000000000000
MODE=
CONNECT_SECONDS=3
TOTAL_SECONDS=60
VIP=()
PORT=()
BACKEND_IP=()
BACKEND_MAC=()
VIA_IP=()
VIA_MAC=()
# --- end of plan ---

set -u -f
export LC_ALL=C
export PATH="${PATH:-}:/usr/sbin:/usr/bin:/sbin:/bin"
unset BASH_ENV ENV CDPATH
umask 077

readonly PROTOCOL=201
readonly VIP_TABLE=7201 LAST_TABLE=7299
readonly RUN_FOLDER=/run/ilb-hairpin-guard
readonly REPORT_BYTES=3500

# ---------------------------------------------------------------------------------------------------- what came out

CHANGED=0          # how many things were changed
ERROR_CODE=        # the first error's code and detail
ERROR_DETAIL=
WARNINGS=()
DRIFT_BEFORE=()    # letters by path, see shared/guest/wire.ts
DRIFT_AFTER=()
CONNECT_BEFORE=()  # outcome letter and milliseconds by path
CONNECT_AFTER=()
PROOF=()
SOURCE=()
REPORTED=

# A line for a person, kept apart from the report.
note() { printf '%s\n' "$*" >&2; }

# The first error is the one that is reported; what follows is mostly its consequence.
set_error() { # code detail
  note "error: $1 $2"
  [[ -n $ERROR_CODE ]] && return
  ERROR_CODE=$1
  ERROR_DETAIL=${2//[^A-Za-z0-9._:\/ -]/_}
  ERROR_DETAIL=${ERROR_DETAIL:0:120}
}

# Ends the run with a report.
fail() { # code detail
  set_error "$1" "${2-}"
  finish
}

add_warning() { # code
  local known
  for known in "${WARNINGS[@]}"; do [[ $known == "$1" ]] && return; done
  WARNINGS+=("$1")
}

# The report's text. A source that is the via address is left out, one that is the backend address shortened.
report_line() {
  local entries='' warnings='' error='' index source after connect
  for index in "${!DRIFT_BEFORE[@]}"; do
    source=${SOURCE[index]:--}
    case $source in
      "${VIA_IP[index]}") source= ;;
      "${BACKEND_IP[index]}") source=b ;;
    esac
    [[ ${1-} == short ]] && source=-
    after=${DRIFT_AFTER[index]-=}
    [[ $after == "${DRIFT_BEFORE[index]}" && -n $after ]] && after='='
    connect=${CONNECT_AFTER[index]-=}
    entries+="${entries:+,}\"$index;${DRIFT_BEFORE[index]};$after;${CONNECT_BEFORE[index]-n};$connect;${PROOF[index]-n};$source\""
  done
  for index in "${!WARNINGS[@]}"; do warnings+="${warnings:+,}\"${WARNINGS[index]}\""; done
  [[ -n $ERROR_CODE ]] && error=",\"e\":\"$ERROR_CODE\",\"d\":\"$ERROR_DETAIL\""
  printf 'ILB-HAIRPIN-GUARD %s {"v":1,"os":"linux","mode":"%s","chg":%d,"p":[%s],"w":[%s]%s}\n' \
    "$COMMAND_ID" "$MODE" "$CHANGED" "$entries" "$warnings" "$error"
}

# Prints the report once and ends. Azure keeps 4,096 bytes of stdout: source addresses go before the report is cut.
finish() {
  local line
  if [[ -z $REPORTED ]]; then
    REPORTED=1
    line=$(report_line)
    ((${#line} < REPORT_BYTES)) || line=$(report_line short)
    printf '\n%s\n' "$line"
  fi
  [[ -z $ERROR_CODE ]]
  exit
}

# ------------------------------------------------------------------------------------------------------- the ground

CRITICAL=0  # above 0 while a signal must wait
STOPPED=

on_signal() {
  STOPPED=1
  ((CRITICAL)) || stop_if_asked
}

stop_if_asked() {
  [[ -n $STOPPED ]] && fail TIME_IS_UP 'stopped by a signal'
}

# Ends the run when its time is up. Safe between any two changes: a later run goes on from what it finds.
check_time() {
  stop_if_asked
  ((SECONDS < TOTAL_SECONDS)) || fail TIME_IS_UP "$1"
}

check_ground() {
  local tool release version
  ((EUID == 0)) || fail ACCESS_DENIED 'not root'
  for tool in ip ss timeout date sleep readlink mkdir ln mv rm uname; do
    type -P "$tool" >/dev/null || fail TOOL_MISSING "$tool"
  done
  release=$(uname -r)
  at_least_4_17 "$release" || fail UNSUPPORTED_OS "kernel $release"
  version=$(ip -V 2>/dev/null)
  version=${version##*iproute2-}
  version=${version%%,*}
  if [[ $version == ss[0-9][0-9][0-9][0-9][0-9][0-9] ]]; then
    # Versions before 4.20 name a date: 4.16 is ss180402, 4.17 of June 2018.
    ((10#${version#ss} > 180500)) || fail UNSUPPORTED_OS "iproute2 $version"
  else
    at_least_4_17 "$version" || fail UNSUPPORTED_OS "iproute2 $version"
  fi
}

at_least_4_17() { # version
  [[ $1 =~ ^([0-9]+)\.([0-9]+) ]] || return 1
  ((BASH_REMATCH[1] > 4 || (BASH_REMATCH[1] == 4 && BASH_REMATCH[2] >= 17)))
}

# The plan was checked before it was sent; this guards against a damaged file.
check_plan() {
  local index octet='(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])' mac='([0-9a-f]{2}:){5}[0-9a-f]{2}'
  local ip="$octet(\.$octet){3}" list
  [[ $COMMAND_ID =~ ^[0-9a-f]{32}$ ]] || { COMMAND_ID=00000000000000000000000000000000; fail BAD_PLAN 'command id'; }
  [[ $MODE =~ ^(check|apply|remove)$ ]] || { MODE=check; fail BAD_PLAN mode; }
  [[ $CONNECT_SECONDS =~ ^[1-9][0-9]?$ && $TOTAL_SECONDS =~ ^[1-9][0-9]{0,3}$ ]] || fail BAD_PLAN limits
  for list in "${#PORT[@]}" "${#BACKEND_IP[@]}" "${#BACKEND_MAC[@]}" "${#VIA_IP[@]}" "${#VIA_MAC[@]}"; do
    ((list == ${#VIP[@]} && list <= 64)) || fail BAD_PLAN 'length of lists'
  done
  [[ $MODE == remove ]] || ((${#VIP[@]} > 0)) || fail BAD_PLAN 'no frontends'
  for index in "${!VIP[@]}"; do
    [[ ${VIP[index]} =~ ^$ip$ && ${BACKEND_IP[index]} =~ ^$ip$ && ${VIA_IP[index]} =~ ^$ip$ &&
      ${BACKEND_MAC[index]} =~ ^$mac$ && ${VIA_MAC[index]} =~ ^$mac$ && ${PORT[index]} =~ ^[0-9]{1,5}$ ]] ||
      fail BAD_PLAN "frontend $index"
  done
}

# The start time of a process tells it from a later one with the same id.
birth_of() { # process id
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # to be split; the name in parentheses, which may hold anything, is cut off
  set -- ${stat##*) }
  printf '%s' "${20-}"
}

LOCK=$RUN_FOLDER/lock
LOCKED=

# One run at a time. The lock is a symbolic link to `<process id>.<its start time>`: made with its content in one step.
lock() { # seconds to wait
  local me holder until=$((SECONDS + $1))
  mkdir -p "$RUN_FOLDER" 2>/dev/null || fail ACCESS_DENIED "$RUN_FOLDER"
  me=$$.$(birth_of $$)
  while ! ln -s -T "$me" "$LOCK" 2>/dev/null; do
    holder=$(readlink "$LOCK")
    if [[ -n $holder && $(birth_of "${holder%%.*}") != "${holder#*.}" ]]; then
      # Its process is gone. Whoever moves the link away clears it; a link that turned out to be new is given back.
      if mv -T "$LOCK" "$LOCK.$$" 2>/dev/null; then
        [[ $(readlink "$LOCK.$$") == "$holder" ]] || ln -s -T "$(readlink "$LOCK.$$")" "$LOCK" 2>/dev/null
        rm -f "$LOCK.$$"
      fi
      continue
    fi
    [[ -n $holder || -w $RUN_FOLDER ]] || fail ACCESS_DENIED "$RUN_FOLDER"
    ((SECONDS < until)) || return 1
    sleep 0.2
  done
  LOCKED=1
}

unlock() {
  [[ -n $LOCKED ]] && rm -f "$LOCK"
  LOCKED=
}

clean_up() {
  stop_connects
  [[ -n $WORK ]] && rm -rf "$WORK"
  unlock
}

# ------------------------------------------------------------------------------------------------- what is in place

declare -A LINKS_OF=()    # MAC -> names of the interfaces that have it
declare -A PREFIX_OF=()   # "interface address" -> prefix length
declare -A LOCAL_OF=()    # address -> interface

# Reads interfaces and addresses. A slave is skipped: the accelerated-networking VF has the MAC of its master.
read_nics() {
  local -a words
  local name index
  LINKS_OF=() PREFIX_OF=() LOCAL_OF=()
  while read -r -a words; do
    name=${words[1]%:}
    for ((index = 2; index < ${#words[@]} - 1; index++)); do
      case ${words[index]} in
        master) break ;;
        link/*) # what follows the MAC may be an alias of any text
          LINKS_OF[${words[index + 1]}]+=" ${name%%@*}"
          break
          ;;
      esac
    done
  done < <(ip -o link show)
  wait $! || return
  while read -r -a words; do
    [[ ${words[2]-} == inet ]] || continue
    name=${words[3]%/*}
    [[ ${words[3]} == */* ]] || words[3]+=/32
    PREFIX_OF["${words[1]%%@*} $name"]=${words[3]#*/}
    LOCAL_OF[$name]=${words[1]%%@*}
  done < <(ip -4 -o addr show)
  wait $!
}

# Finds the interface that has a MAC and carries an address, and the gateway there: Azure's is the subnet's first host.
find_nic() { # address MAC; sets FOUND_DEV and FOUND_GATEWAY, or FOUND_ERROR
  local name prefix IFS=' '
  local -a carrying=() octets
  FOUND_DEV='' FOUND_GATEWAY='' FOUND_ERROR=''
  for name in ${LINKS_OF[$2]-}; do
    [[ -n ${PREFIX_OF["$name $1"]-} ]] && carrying+=("$name")
  done
  case ${#carrying[@]} in
    1) ;;
    0) FOUND_ERROR=ADDRESS_NOT_ON_NIC ;;
    *) FOUND_ERROR=NIC_AMBIGUOUS ;;
  esac
  [[ -n ${LINKS_OF[$2]-} ]] || FOUND_ERROR=NIC_NOT_FOUND
  [[ -z $FOUND_ERROR ]] || return 1
  FOUND_DEV=${carrying[0]}
  prefix=${PREFIX_OF["$FOUND_DEV $1"]}
  if ((prefix > 30)); then # no gateway in there
    FOUND_ERROR=ADDRESS_NOT_ON_NIC
    return 1
  fi
  IFS=.
  # shellcheck disable=SC2206 # to be split at the dots
  octets=($1)
  local number=$(((octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]) & (0xffffffff << (32 - prefix)) | 1))
  FOUND_GATEWAY=$((number >> 24 & 255)).$((number >> 16 & 255)).$((number >> 8 & 255)).$((number & 255))
}

declare -A OUR_RULES=()   # key -> words that name the rule to ip
declare -A RULE_AT=()     # key -> position
LOCAL_AT=-1               # position of the first rule `from all lookup local`
LOCAL_PREFS=' '           # the preferences of all of them
LOCAL_CONDITIONAL=0       # a rule at preference 0 leads into the local table under a condition: somebody else's

# Reads the rules. The key of a rule is "pref from to iif table", and whatever else it says.
read_rules() {
  local -a words
  local index position=0 pref from to iif table protocol rest key
  OUR_RULES=() RULE_AT=() LOCAL_AT=-1 LOCAL_PREFS=' ' LOCAL_CONDITIONAL=0
  while read -r -a words; do
    pref=${words[0]%:} from=all to=- iif=- table=- protocol=- rest=''
    for ((index = 1; index < ${#words[@]}; index++)); do
      case ${words[index]} in
        from) from=${words[++index]} ;;
        to) to=${words[++index]} ;;
        iif) iif=${words[++index]} ;;
        lookup | table) table=${words[++index]} ;;
        proto | protocol) protocol=${words[++index]} ;;
        *) rest+=" ${words[index]}" ;;
      esac
    done
    key="$pref $from $to $iif $table$rest"
    if [[ $protocol == "$PROTOCOL" ]] && is_our_table "$table"; then
      OUR_RULES[$key]="pref $pref ${words[*]:1}"
      RULE_AT[$key]=$position
    elif [[ $key == "$pref all - - local" ]]; then
      ((LOCAL_AT >= 0)) || LOCAL_AT=$position
      LOCAL_PREFS+="$pref "
    elif [[ $pref == 0 && $table == local ]]; then
      LOCAL_CONDITIONAL=1
    fi
    ((position++))
  done < <(ip -4 rule show)
  wait $!
}

is_our_table() { [[ $1 =~ ^72[0-9][0-9]$ ]] && (($1 >= VIP_TABLE && $1 <= LAST_TABLE)); }

has_local() { [[ $LOCAL_PREFS == *" $1 "* ]]; } # preference

declare -A OUR_ROUTES=()  # key -> words that name the route to ip
declare -A ROUTED_BY_US=() # "table destination" -> 1

# Reads our routes. The key of a route is "table destination gateway interface source", and whatever else it says.
read_routes() {
  local -a words
  local index table gateway dev source rest key name
  OUR_ROUTES=() ROUTED_BY_US=()
  while read -r -a words; do
    table=main gateway=- dev=- source=- rest=''
    for ((index = 1; index < ${#words[@]}; index++)); do
      case ${words[index]} in
        via) gateway=${words[++index]} ;;
        dev) dev=${words[++index]} ;;
        table) table=${words[++index]} ;;
        src) source=${words[++index]} ;;
        proto) ((index++)) ;;
        dead | linkdown) ;; # how the interface is, not how the route is
        *) rest+=" ${words[index]}" ;;
      esac
    done
    is_our_table "$table" || continue
    key="$table ${words[0]} $gateway $dev $source$rest"
    name=" ${words[*]} proto $PROTOCOL"
    name=${name// linkdown / }
    OUR_ROUTES[$key]=${name// dead / }
    ROUTED_BY_US["$table ${words[0]}"]=1
  done < <(ip -4 -o route show table all proto "$PROTOCOL")
  wait $!
}

declare -A ROUTED=()      # "destination source-or--" -> "interface gateway source" as the kernel would send

# Asks the kernel where it would send to each VIP, unbound and from the via address, and the replies.
read_routed() {
  local -a words asked=()
  local index destination from gateway dev source
  ROUTED=()
  for index in "${!VIP[@]}"; do
    asked+=("route get ${VIP[index]}" "route get ${VIP[index]} from ${VIA_IP[index]}")
    asked+=("route get ${VIA_IP[index]} from ${BACKEND_IP[index]}")
  done
  while read -r -a words; do
    destination=${words[0]} from=- gateway=- dev=- source=-
    [[ $destination == [0-9]* ]] || destination=${words[1]-} # `local 10.0.0.1 dev lo ...`
    for ((index = 1; index < ${#words[@]}; index++)); do
      case ${words[index]} in
        from) from=${words[++index]} ;;
        via) gateway=${words[++index]} ;;
        dev) dev=${words[++index]} ;;
        src) source=${words[++index]} ;;
        \\*) break ;;
      esac
    done
    ROUTED["$destination $from"]="$dev $gateway $source"
  done < <(printf '%s\n' "${asked[@]}" | ip -4 -o -force -batch - 2>/dev/null)
}

# ----------------------------------------------------------------------------------------- what should be, and drift

readonly UNBOUND_RULE="2 0.0.0.0 - - $VIP_TABLE"
REPLY_ROUTE=() REPLY_RULE=() LOOKUP_RULE=() VIP_ROUTE=() # keys by path; none where a NIC is missing
declare -A IS_WANTED=()   # key -> 1, for rules and routes
declare -A IS_KEPT=()     # destination of rules and routes that stay as they are while their NIC is missing
BACKEND_DEV=() BACKEND_GATEWAY=() VIA_DEV=() VIA_GATEWAY=() NIC_MISSING=()

# Turns the plan into rules and routes on the interfaces that are there. Reply tables are numbered along the plan,
# one for each backend NIC.
plan_state() {
  local index key table next=$VIP_TABLE
  local -A table_of=()
  REPLY_ROUTE=() REPLY_RULE=() LOOKUP_RULE=() VIP_ROUTE=() IS_WANTED=() IS_KEPT=() NIC_MISSING=()
  for index in "${!VIP[@]}"; do
    [[ -n ${table_of[${BACKEND_MAC[index]}]-} ]] || table_of[${BACKEND_MAC[index]}]=$((++next))
    table=${table_of[${BACKEND_MAC[index]}]}
    NIC_MISSING[index]=''
    find_nic "${BACKEND_IP[index]}" "${BACKEND_MAC[index]}" || NIC_MISSING[index]="$FOUND_ERROR ${BACKEND_MAC[index]}"
    BACKEND_DEV[index]=$FOUND_DEV BACKEND_GATEWAY[index]=$FOUND_GATEWAY
    find_nic "${VIA_IP[index]}" "${VIA_MAC[index]}" || NIC_MISSING[index]="$FOUND_ERROR ${VIA_MAC[index]}"
    VIA_DEV[index]=$FOUND_DEV VIA_GATEWAY[index]=$FOUND_GATEWAY
    if [[ -n ${NIC_MISSING[index]} ]]; then
      IS_KEPT[${VIP[index]}]=1 IS_KEPT[${VIA_IP[index]}]=1
      continue
    fi
    REPLY_ROUTE[index]="$table ${VIA_IP[index]} ${BACKEND_GATEWAY[index]} ${BACKEND_DEV[index]} -"
    REPLY_RULE[index]="0 ${BACKEND_IP[index]} ${VIA_IP[index]} lo $table"
    LOOKUP_RULE[index]="2 ${VIA_IP[index]} ${VIP[index]} - $VIP_TABLE"
    VIP_ROUTE[index]="$VIP_TABLE ${VIP[index]} ${VIA_GATEWAY[index]} ${VIA_DEV[index]} ${VIA_IP[index]}"
  done
  ((${#VIP[@]} == 0)) || IS_WANTED[$UNBOUND_RULE]=1
  for key in "${REPLY_ROUTE[@]}" "${REPLY_RULE[@]}" "${LOOKUP_RULE[@]}" "${VIP_ROUTE[@]}"; do IS_WANTED[$key]=1; done
}

# The plan of remove.
plan_nothing() {
  REPLY_ROUTE=() REPLY_RULE=() LOOKUP_RULE=() VIP_ROUTE=() IS_WANTED=() IS_KEPT=()
}

# True when the rule stands behind a `lookup local`, or there is none at all.
is_behind_local() { ((LOCAL_AT < 0 || RULE_AT["$1"] > LOCAL_AT)); } # key

# True when `lookup local` is not where it should be: left by an interrupted run, or lost.
is_local_astray() { ((LOCAL_AT < 0)) || has_local 1; }

# Lists what is ours and not wanted. The destination of a rule is the third word of its key, of a route the second.
find_leftovers() { # sets LEFT_RULES and LEFT_ROUTES to keys
  local key
  local -a words
  LEFT_RULES=() LEFT_ROUTES=()
  for key in "${!OUR_ROUTES[@]}"; do
    words=($key)
    [[ -n ${IS_WANTED[$key]-}${IS_KEPT[${words[1]}]-} ]] || LEFT_ROUTES+=("$key")
  done
  for key in "${!OUR_RULES[@]}"; do
    words=($key)
    [[ -n ${IS_WANTED[$key]-}${IS_KEPT[${words[2]}]-} ]] || LEFT_RULES+=("$key")
  done
}

is_anything_left() {
  find_leftovers
  ((${#LEFT_RULES[@]} + ${#LEFT_ROUTES[@]} > 0)) || is_local_astray
}

# Looks at everything once.
look() {
  read_nics || fail CHANGE_FAILED 'ip link and addr cannot be read'
  read_ours
  read_routed
  plan_state
}

read_ours() {
  read_rules || fail CHANGE_FAILED 'ip rule cannot be read'
  read_routes || fail CHANGE_FAILED 'ip route cannot be read'
}

# The drift letters of all paths, from the last look.
judge() { # sets DRIFTS
  local index left=''
  DRIFTS=()
  is_anything_left && left=X
  for index in "${!VIP[@]}"; do
    drift_of "$index"
    DRIFTS[index]=$DRIFT$left
  done
}

drift_of() { # index; sets DRIFT
  local index=$1
  DRIFT=N
  [[ -z ${NIC_MISSING[index]} ]] || return
  DRIFT=''
  if [[ -z ${OUR_ROUTES[${VIP_ROUTE[index]}]-} ]]; then
    if [[ -n ${ROUTED_BY_US["$VIP_TABLE ${VIP[index]}"]-} ]]; then DRIFT+=W; else DRIFT+=R; fi
  fi
  [[ -n ${OUR_ROUTES[${REPLY_ROUTE[index]}]-} ]] || DRIFT+=Y
  if [[ -z ${OUR_RULES[${REPLY_RULE[index]}]-} ]]; then
    DRIFT+=L
  elif is_behind_local "${REPLY_RULE[index]}"; then
    DRIFT+=O
  fi
  [[ -n ${OUR_RULES[${LOOKUP_RULE[index]}]-} && -n ${OUR_RULES[$UNBOUND_RULE]-} ]] || DRIFT+=K
  [[ -n $DRIFT ]] || is_sent_as_planned "$index" || DRIFT+=F
}

# Ours is complete; does the kernel use it, or does somebody else's rule or route take precedence?
is_sent_as_planned() { # index
  local index=$1 vip=${VIP[$1]} via=${VIA_IP[$1]} backend=${BACKEND_IP[$1]}
  [[ ${ROUTED["$vip -"]-} == "${VIA_DEV[index]} ${VIA_GATEWAY[index]} $via" &&
    ${ROUTED["$vip $via"]-} == "${VIA_DEV[index]} ${VIA_GATEWAY[index]} "* &&
    ${ROUTED["$via $backend"]-} == "${BACKEND_DEV[index]} ${BACKEND_GATEWAY[index]} "* ]]
}

# ---------------------------------------------------------------------------------------------------------- changing

# Changes one thing. A failure is remembered; the other changes go on, the look afterwards tells what is missing.
change() { # ip's words
  local said
  if said=$(ip -4 "$@" 2>&1); then
    note "changed: ip $*"
    ((++CHANGED))
  else
    set_error CHANGE_FAILED "$*: ${said//$'\n'/ }"
    return 1
  fi
}

# Adds those of the given rules that are not there.
add_rules() { # keys
  local key
  local -a words
  for key; do
    [[ -z ${OUR_RULES[$key]-} ]] || continue
    check_time 'adding rules'
    words=($key)
    set -- pref "${words[0]}" from "${words[1]/#0.0.0.0/0.0.0.0/32}"
    [[ ${words[2]} == - ]] || set -- "$@" to "${words[2]}"
    [[ ${words[3]} == - ]] || set -- "$@" iif "${words[3]}"
    change rule add "$@" lookup "${words[4]}" protocol "$PROTOCOL" && OUR_RULES[$key]=added
  done
}

# Adds those of the given routes that are not there, in place of one of ours to the same destination.
add_routes() { # keys
  local key
  local -a words
  for key; do
    [[ -z ${OUR_ROUTES[$key]-} ]] || continue
    check_time 'adding routes'
    words=($key)
    set -- "${words[1]}/32" via "${words[2]}" dev "${words[3]}"
    [[ ${words[4]} == - ]] || set -- "$@" src "${words[4]}"
    change route replace "$@" proto "$PROTOCOL" table "${words[0]}" && OUR_ROUTES[$key]=added
  done
}

# Puts `lookup local` behind our preference-0 rules. A new rule lands behind those with its preference, so the kernel's
# rule is made anew; until it is there again, a temporary one at preference 1 does its work. Each step is taken only
# after a fresh look showed the one before, so that at every moment one `lookup local` exists, whatever kills this run.
# `protocol kernel` keeps network managers from taking either for somebody's.
order_local() {
  local key why='' step
  read_rules || fail CHANGE_FAILED 'ip rule cannot be read'
  is_local_astray && why=astray
  for key in "${REPLY_RULE[@]}"; do
    [[ -n ${OUR_RULES[$key]-} ]] && is_behind_local "$key" && why=order
  done
  [[ -n $why ]] || return 0
  CRITICAL=1
  move_local "$why"
  step=$?
  CRITICAL=0
  if ((step == 0)); then
    note 'changed: lookup local stands behind the reply rules'
    ((++CHANGED))
  else
    set_error CHANGE_FAILED "lookup local: step $step"
  fi
  stop_if_asked
}

move_local() { # order|astray; returns the number of the step that failed
  local protocol tries
  protocol=$(local_protocol)
  if [[ $1 == order ]] && ((LOCAL_AT >= 0)); then
    # `ip rule del pref 0 lookup local` would take a conditional rule for it.
    ((LOCAL_CONDITIONAL == 0)) || return 1
    has_local 1 || try_rule add pref 1 lookup local protocol kernel
    read_rules && has_local 1 || return 2
    for ((tries = 0; tries < 3; tries++)); do
      has_local 0 || break
      try_rule del pref 0 lookup local
      read_rules || return 3
    done
    ! has_local 0 || return 3
  fi
  has_local 0 || try_rule add pref 0 lookup local protocol "$protocol"
  read_rules && has_local 0 || return 4
  has_local 1 || return 0
  try_rule del pref 1 lookup local
  read_rules && ! has_local 1 || return 5
}

# One step of the above: whether it worked is seen by the look after it.
try_rule() { # ip's words
  local said
  said=$(ip -4 rule "$@" 2>&1) || note "ip rule $*: $said"
}

# The protocol that the kernel's local rule carries, so that it comes back as it was.
local_protocol() {
  local line
  while read -r line; do
    [[ $line =~ ^0:[[:space:]]+from\ all\ lookup\ local\ +proto\ ([a-z0-9]+) ]] && printf '%s' "${BASH_REMATCH[1]}" && return
  done < <(ip -4 -d rule show)
  printf kernel
}

remove_leftovers() {
  local key
  read_ours
  find_leftovers
  # First the way in (the VIP routes), then the rules, then the way back.
  for key in "${LEFT_ROUTES[@]}"; do
    [[ $key == "$VIP_TABLE "* ]] || continue
    check_time 'removing routes'
    change route del ${OUR_ROUTES[$key]}
  done
  for key in "${LEFT_RULES[@]}"; do
    check_time 'removing rules'
    change rule del ${OUR_RULES[$key]}
  done
  for key in "${LEFT_ROUTES[@]}"; do
    [[ $key != "$VIP_TABLE "* ]] || continue
    check_time 'removing routes'
    change route del ${OUR_ROUTES[$key]}
  done
}

# Makes the state what was planned. Needs a look before; the caller looks again afterwards. In this order nothing that
# connected stops: the way back first, VIP routes after the rules for their second lookup, and the rule that leads
# unbound sockets to them last.
change_state() {
  add_routes "${REPLY_ROUTE[@]}"
  add_rules "${REPLY_RULE[@]}"
  order_local
  add_rules "${LOOKUP_RULE[@]}"
  add_routes "${VIP_ROUTE[@]}"
  add_rules "$UNBOUND_RULE"
  remove_leftovers
}

# -------------------------------------------------------------------------------------------------------- connecting

WORK=
CONNECTS=()               # process ids by path

# Connects once, from a socket that is bound to no address, as applications do. Runs in the background; prints
# `<outcome letter> <milliseconds> <socket:[inode] or address:port>` and holds the connection until it is ended.
tcp_connect() { # VIP port seconds file-for-error-texts
  if [[ ${HAIRPIN_CONNECT-} == /* ]]; then # for a model of a guest, which has its own way to connect
    exec timeout -k 1 "$3" "$HAIRPIN_CONNECT" "$1" "$2" "$3"
  fi
  # shellcheck disable=SC2016 # for the inner shell
  exec timeout -k 1 "$3" bash -c '
    begin=$(date +%s%N)
    { exec 3<>"/dev/tcp/$1/$2"; } 2>"$4" && outcome=o || outcome=e
    ms=$((($(date +%s%N) - begin) / 1000000))
    if [[ $outcome == o ]]; then
      echo "o $ms $(readlink /proc/self/fd/3)"
      exec sleep "$3"
    fi
    case $(<"$4") in
      *"Connection refused"*) outcome=f ;;
      *"Connection reset"*) outcome=r ;;
      *"Connection timed out"*) outcome=t ;;
      *unreachable* | *"No route to host"*) outcome=u ;;
    esac
    echo "$outcome $ms"' connect "$1" "$2" "$3" "$4"
}

now() { # sets NOW, in milliseconds
  NOW=$(($(date +%s%N) / 1000000))
}

# Connects to the VIPs of the given paths side by side, each within the time limit, and sets OUTCOME, PROOF and SOURCE.
connect_all() { # indexes
  local index limit=$CONNECT_SECONDS left=$((TOTAL_SECONDS - SECONDS - 1)) began line ms end fresh
  local -a waiting=("$@") still open=()
  local -A ends=()
  (($# > 0)) || return
  ((limit <= left)) || limit=$left
  if ((limit < 1)); then
    set_error TIME_IS_UP connecting
    return
  fi
  now
  began=$NOW
  for index; do
    OUTCOME[index]=n PROOF[index]=n
    : >"$WORK/$index"
    # Longer than the limit: what connected at the last moment is still there when sockets are looked at.
    tcp_connect "${VIP[index]}" "${PORT[index]}" $((limit + 3)) "$WORK/$index.said" </dev/null >"$WORK/$index" 2>/dev/null &
    CONNECTS[index]=$!
  done
  while ((${#waiting[@]} > 0)); do
    still=() fresh=
    for index in "${waiting[@]}"; do
      line=
      read -r line <"$WORK/$index"
      if [[ ! $line =~ ^([a-z])\ ([0-9]+)(\ (.*))?$ ]]; then
        still+=("$index")
        continue
      fi
      ms=${BASH_REMATCH[2]} end=${BASH_REMATCH[4]}
      OUTCOME[index]=${BASH_REMATCH[1]}$ms
      if ((ms > limit * 1000)); then
        OUTCOME[index]=t$ms
      elif [[ ${BASH_REMATCH[1]} == o ]]; then
        PROOF[index]=r ends[$index]=$end fresh=1
        open+=("$index")
      fi
    done
    waiting=("${still[@]}")
    [[ -z $fresh ]] || look_at_sockets
    now
    ((NOW - began < limit * 1000 + 500)) || break
    ((${#waiting[@]} == 0)) || sleep 0.05
  done
  for index in "${waiting[@]}"; do OUTCOME[index]=t$((NOW - began)); done
  # The accepted side may show a moment later than the connect's own.
  for ((index = 0; index < 3; index++)); do
    is_any_unproved || break
    sleep 0.03
    look_at_sockets
  done
  stop_connects
}

is_any_unproved() {
  local index
  for index in "${open[@]}"; do [[ ${PROOF[index]} == r && ${SOURCE[index]-} == "${VIA_IP[index]}" ]] && return; done
  return 1
}

stop_connects() {
  ((${#CONNECTS[@]} > 0)) || return
  kill "${CONNECTS[@]}" 2>/dev/null
  wait "${CONNECTS[@]}" 2>/dev/null
  CONNECTS=()
}

# The filter for ss: connections to a planned VIP, and those between a backend and a via address.
socket_filter() {
  local index text=''
  local -A seen=()
  for index in "${!VIP[@]}"; do
    text+="${text:+ or }dst ${VIP[index]}"
    [[ -z ${seen["${BACKEND_IP[index]} ${VIA_IP[index]}"]-} ]] || continue
    seen["${BACKEND_IP[index]} ${VIA_IP[index]}"]=1
    text+=" or ( src ${BACKEND_IP[index]} and dst ${VIA_IP[index]} ) or ( src ${VIA_IP[index]} and dst ${BACKEND_IP[index]} )"
  done
  printf '%s' "$text"
}

# Reads the sockets of the filter, as address:port, whatever family the listener has. Those that are over are left out.
read_sockets() { # sets SOCKETS to lines of "local peer inode"
  local -a words
  local word inode
  SOCKETS=()
  while read -r -a words; do
    [[ ${#words[@]} -ge 5 && ${words[0]} != TIME-WAIT ]] || continue
    inode=-
    for word in "${words[@]:5}"; do [[ $word == ino:* ]] && inode=${word#ino:}; done
    plain_end "${words[3]}"
    SOCKETS+=("$PLAIN")
    plain_end "${words[4]}"
    SOCKETS[-1]+=" $PLAIN $inode"
  done < <(timeout 5 ss -H -t -a -n -e "$(socket_filter)" 2>/dev/null)
}

# `[::ffff:10.0.0.1]:80` and `10.0.0.1%eth0:80` are 10.0.0.1:80.
plain_end() { # sets PLAIN
  local address=${1%:*}
  address=${address#[}
  address=${address%]}
  address=${address%%%*}
  PLAIN=${address#::ffff:}:${1##*:}
}

# Proves the open connects: one came back to this machine when a socket here has the backend address and, as its peer,
# the connect's own address and port. The same port may be in use towards another VIP; then every such connection must
# have its accepted socket here, else none of them counts.
look_at_sockets() {
  local index socket near far inode end
  local -A own_end=() claims=() accepted=()
  read_sockets
  for socket in "${SOCKETS[@]}"; do
    read -r near far inode <<<"$socket"
    own_end[$inode]=$near
    claims[$near]=$((${claims[$near]-0} + 1))
    accepted["${near%:*} $far"]=$((${accepted["${near%:*} $far"]-0} + 1))
  done
  for index in "${open[@]}"; do
    end=${ends[$index]}
    [[ $end =~ ^socket:\[([0-9]+)\]$ ]] && end=${own_end[${BASH_REMATCH[1]}]-}
    [[ -n $end ]] || continue
    SOURCE[index]=${end%:*}
    [[ ${end%:*} == "${VIA_IP[index]}" ]] || continue
    ((${accepted["${BACKEND_IP[index]} $end"]-0} >= ${claims[$end]-1})) || continue
    ((${accepted["${BACKEND_IP[index]} $end"]-0} > 0)) && PROOF[index]=s
  done
}

# -------------------------------------------------------------------------------------------------------- warnings

# What works now and could stop, and what no rule of ours covers. shared/guest/warnings.ts has the sentences.
look_for_warnings() {
  local index line dev='' socket near far
  local -a words
  local -A filter=() is_via=() is_backend=() seen=()
  for index in "${!VIP[@]}"; do is_via[${VIA_DEV[index]:--}]=1 is_backend[${BACKEND_DEV[index]:--}]=1; done
  while read -r -a words; do # inet eth0 forwarding off rp_filter strict ...
    line=" ${words[*]} "
    [[ $line != *' all forwarding on '* ]] || add_warning forwarding
    line=${line#* rp_filter }
    filter[${words[1]-}]=${line%% *}
  done < <(ip -4 -o netconf show 2>/dev/null)
  while read -r -a words; do
    for index in "${!VIP[@]}"; do
      [[ ${words[0]-} == "${VIP[index]}" ]] && add_warning vip-route-in-main
    done
    [[ ${words[0]-} == default && -z $dev ]] || continue
    line=" ${words[*]} "
    [[ $line == *' dev '* ]] || continue
    dev=${line#* dev }
    dev=${dev%% *}
    # The kernel lists default routes by metric, the one in use first.
    if [[ -n ${is_via[$dev]-} && -z ${is_backend[$dev]-} ]]; then
      add_warning default-route-on-via
      # The kernel takes the larger of the two numbers: loose (2) wins over strict (1).
      line="${filter[all]-} ${filter[$dev]-}"
      [[ $line == *loose* || $line != *strict* ]] || add_warning rp-filter-strict
    fi
  done < <(ip -4 -o route show table main)
  read_sockets
  for socket in "${SOCKETS[@]}"; do
    read -r near far index <<<"$socket"
    [[ -z ${seen["$far $near"]-} ]] || add_warning bound-sockets
    seen["$near $far"]=1
  done
}

# ------------------------------------------------------------------------------------------------------------- main

# A NIC that is not there blocks its own paths, not the others.
report_missing_nics() {
  local index missing=0
  for index in "${!VIP[@]}"; do
    [[ -z ${LOCAL_OF[${VIP[index]}]-} ]] || fail VIP_IS_LOCAL "${VIP[index]} on ${LOCAL_OF[${VIP[index]}]}"
    [[ -n ${LINKS_OF[${BACKEND_MAC[index]}]-}${LINKS_OF[${VIA_MAC[index]}]-} ]] || ((++missing))
  done
  ((missing < ${#VIP[@]})) || fail WRONG_MACHINE "${BACKEND_MAC[0]}"
  for index in "${!VIP[@]}"; do
    [[ -z ${NIC_MISSING[index]} ]] || set_error ${NIC_MISSING[index]}
  done
}

# Connects the paths that can be connected; the second time only those that were not right before.
connect_paths() { # first|again; sets OUTCOME
  local index
  local -a chosen=()
  OUTCOME=()
  for index in "${!VIP[@]}"; do
    [[ -z ${NIC_MISSING[index]} && ${PORT[index]} != 0 ]] || continue
    [[ $1 == first || -n ${DRIFT_BEFORE[index]} || ${CONNECT_BEFORE[index]} != o* ]] || continue
    SOURCE[index]=${ROUTED["${VIP[index]} -"]-}
    SOURCE[index]=${SOURCE[index]##* }
    chosen+=("$index")
  done
  connect_all "${chosen[@]}"
}

check_or_apply() {
  local index
  look
  report_missing_nics
  judge
  DRIFT_BEFORE=("${DRIFTS[@]}")
  look_for_warnings
  connect_paths first
  for index in "${!VIP[@]}"; do CONNECT_BEFORE[index]=${OUTCOME[index]-n}; done
  [[ $MODE == apply ]] || return
  check_time 'before the changes'
  if [[ -n ${DRIFT_BEFORE[*]//[ FN]/} ]]; then
    look
    change_state
    look
    judge
  fi
  DRIFT_AFTER=("${DRIFTS[@]}")
  [[ ! ${DRIFT_AFTER[*]} =~ [RWYLOKX] ]] || set_error CHANGE_FAILED 'state is not as planned after the changes'
  connect_paths again
  for index in "${!OUTCOME[@]}"; do CONNECT_AFTER[index]=${OUTCOME[index]}; done
}

# Takes away what carries our protocol in our tables. For each path X tells whether anything of ours was there.
remove_all() {
  local index found=''
  read_ours
  plan_nothing
  is_anything_left && found=X
  for index in "${!VIP[@]}"; do DRIFT_BEFORE[index]=$found DRIFT_AFTER[index]=$found; done
  order_local
  remove_leftovers
  read_ours
  found=''
  is_anything_left && found=X && set_error CHANGE_FAILED 'something is left'
  for index in "${!VIP[@]}"; do DRIFT_AFTER[index]=$found; done
}

main() {
  trap clean_up EXIT
  trap on_signal TERM INT HUP
  check_plan
  check_ground
  lock $((TOTAL_SECONDS < 20 ? TOTAL_SECONDS / 2 : 10)) || fail BUSY "$(readlink "$LOCK")"
  WORK=$RUN_FOLDER/work
  { rm -rf "$WORK" && mkdir "$WORK"; } || fail ACCESS_DENIED "$WORK"
  if [[ $MODE == remove ]]; then remove_all; else check_or_apply; fi
  finish
}

main
