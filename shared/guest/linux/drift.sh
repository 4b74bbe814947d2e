# shellcheck shell=bash
# ilb-hairpin-guard: what should be, and how what is differs from it.
# Long: one comparison over shared arrays.

PAIRS=()                  # "backend via" of the plan, each once
PAIRS_OF=()               # numbers of a path's pairs
REPLY_ROUTE=()            # keys by pair; none where a NIC is missing
VIP_ROUTE=()              # keys by path; none where a NIC is missing
STEPS=()                  # "from to iif", who is let through a step, in their order; `-` for any
STEP_TABLES=()            # where they are looked up
declare -A STEP_OF=()     # the same -> the number of the step
LOCAL_RULE=plain          # `plain`, or `except FROM TO IIF`: what the rule for the local table should be
VIA_PREFIX=-
REPLY_IIF=lo              # by which interface replies come: `lo`, those of this machine itself, or `-`, of containers too
BASE=                     # the preference of the first step
declare -A IS_WANTED=()   # key -> 1, for rules and routes
declare -A ROUTE_TO=()    # "table destination" -> key of the route that is wanted there
declare -A IS_KEPT=()     # destination of routes that stay as they are while their NIC is missing
BACKEND_DEV=() BACKEND_GATEWAY=() # by pair
VIA_DEV=() VIA_GATEWAY=() NIC_MISSING=()

# Turns the plan into rules and routes on the interfaces that are there. Tables are numbered along the plan: one for the
# VIPs of each via address, then one for the replies of each backend NIC. Rules do not depend on interfaces.
plan_state() {
  local index pair table number next=$((VIP_TABLE - 1)) ends via_error
  local -a ips macs
  local -A vips_of=() replies_of=() pair_of=()
  PAIRS=() PAIRS_OF=() REPLY_ROUTE=() VIP_ROUTE=() IS_WANTED=() ROUTE_TO=() IS_KEPT=() NIC_MISSING=()
  STEPS=() STEP_TABLES=() STEP_OF=() REPLY_IIF=lo
  [[ -z $CONTAINERS ]] || REPLY_IIF=-
  for index in "${!VIP[@]}"; do
    [[ -n ${vips_of[${VIA_IP[index]}]-} ]] || vips_of[${VIA_IP[index]}]=$((++next))
  done
  for index in "${!VIP[@]}"; do
    ips=(${BACKEND_IP[index]//,/ }) macs=(${BACKEND_MAC[index]//,/ })
    NIC_MISSING[index]='' PAIRS_OF[index]=''
    find_nic "${VIA_IP[index]}" "${VIA_MAC[index]}" || NIC_MISSING[index]="$FOUND_ERROR ${VIA_MAC[index]}"
    VIA_DEV[index]=$FOUND_DEV VIA_GATEWAY[index]=$FOUND_GATEWAY via_error=$FOUND_ERROR
    for number in "${!ips[@]}"; do
      ends="${ips[number]} ${VIA_IP[index]}"
      [[ -n ${replies_of[${macs[number]}]-} ]] || replies_of[${macs[number]}]=$((++next))
      find_nic "${ips[number]}" "${macs[number]}" || NIC_MISSING[index]="$FOUND_ERROR ${macs[number]}"
      if [[ -z ${pair_of[$ends]-} ]]; then
        pair=${#PAIRS[@]} table=${replies_of[${macs[number]}]}
        pair_of[$ends]=$pair PAIRS+=("$ends")
        BACKEND_DEV[pair]=$FOUND_DEV BACKEND_GATEWAY[pair]=$FOUND_GATEWAY
        REPLY_ROUTE[pair]="$table ${VIA_IP[index]} $FOUND_GATEWAY $FOUND_DEV -"
        [[ -z $FOUND_ERROR$via_error ]] || REPLY_ROUTE[pair]=''
        ROUTE_TO["$table ${VIA_IP[index]}"]=${REPLY_ROUTE[pair]}
        add_step "${CONTAINERS:-${ips[number]}} ${VIA_IP[index]} $REPLY_IIF" "$table"
      fi
      PAIRS_OF[index]+=" ${pair_of[$ends]}"
    done
    if [[ -n ${NIC_MISSING[index]} ]]; then
      IS_KEPT[${VIP[index]}]=1 IS_KEPT[${VIA_IP[index]}]=1
      continue
    fi
    table=${vips_of[${VIA_IP[index]}]}
    VIP_ROUTE[index]="$table ${VIP[index]} ${VIA_GATEWAY[index]} ${VIA_DEV[index]} ${VIA_IP[index]}"
    ROUTE_TO["$table ${VIP[index]}"]=${VIP_ROUTE[index]}
  done
  ((next <= LAST_TABLE)) || fail BAD_PLAN 'more NICs than tables'
  for index in "${!VIP[@]}"; do add_step "${VIA_IP[index]} - lo" "${vips_of[${VIA_IP[index]}]}"; done
  ((${#VIP[@]} == 0)) || add_step '0.0.0.0 - lo' "${vips_of[*]}"
  for index in "${REPLY_ROUTE[@]}" "${VIP_ROUTE[@]}"; do [[ -z $index ]] || IS_WANTED[$index]=1; done
  plan_local
}

add_step() { # "from to iif" tables
  [[ -z ${STEP_OF[$1]-} ]] || return 0
  STEP_OF[$1]=${#STEPS[@]} STEPS+=("$1") STEP_TABLES+=("$2")
}

# The plan of remove.
plan_nothing() {
  local -a VIP=() # plan_state sees these
  local CONTAINERS=
  plan_state
}

# What all replies are in and as little else as can be: the common prefix of the backend addresses, or the containers'
# network, and of the via addresses.
plan_local() { # sets LOCAL_RULE and VIA_PREFIX
  LOCAL_RULE=plain VIA_PREFIX=-
  ((${#PAIRS[@]} > 0)) || return 0
  common_prefix "${PAIRS[@]#* }"
  VIA_PREFIX=$PREFIX
  common_prefix "${PAIRS[@]% *}"
  LOCAL_RULE="except ${CONTAINERS:-${PREFIX/#-/all}} $VIA_PREFIX $REPLY_IIF"
}

# As ip writes it: without the length where that is 32; `-` where there is none.
common_prefix() { # addresses; sets PREFIX
  local one first length=32
  address_number "$1"
  first=$NUMBER
  for one; do
    address_number "$one"
    while (((NUMBER ^ first) >> (32 - length))); do ((--length)); done
  done
  ((first &= 0xffffffff << (32 - length)))
  PREFIX=$((first >> 24 & 255)).$((first >> 16 & 255)).$((first >> 8 & 255)).$((first & 255))
  ((length == 32)) || PREFIX+=/$length
  ((length > 0)) || PREFIX=-
}

# The rules where the first has this preference. A step is two of them: who is not let through goes on with the next
# step, and for all others there is the table. So none of them says `from` an address, by which others know their own.
rules_at() { # preference; sets RULES to keys, in the order in which they are added
  local number pref table
  RULES=()
  ((${#STEPS[@]} > 0)) || return 0
  RULES+=("$(($1 + 2 * ${#STEPS[@]})) all $VIA_PREFIX $REPLY_IIF local")
  for ((number = ${#STEPS[@]} - 1; number >= 0; number--)); do
    pref=$(($1 + 2 * number))
    RULES+=("$pref ${STEPS[number]} - not goto $((pref + 2))")
    for table in ${STEP_TABLES[number]}; do RULES+=("$((pref + 1)) all - - $table"); done
  done
}

# Where our rules belong: directly ahead of the first foreign rule. The kernel numbers a rule that somebody adds without
# a preference from the second of the list; so it comes to stand ahead of ours as it would of the system's own, and ours
# are moved ahead of it. A rule with so small a number that ours have no room stays ahead.
find_base() { # sets BASE
  local pref first=32766 count=$((2 * ${#STEPS[@]}))
  for pref in "${FOREIGN_PREFS[@]}"; do
    ((pref > LOCAL_PREF + count + 1)) || continue
    first=$pref
    break
  done
  BASE=$((first - 1 - count))
}

# Where they are: their last rule tells it.
find_present_base() { # sets PRESENT_BASE
  local pref
  PRESENT_BASE=$BASE
  for pref in "${OUR_ENDS[@]}"; do
    ((pref - 2 * ${#STEPS[@]} != BASE)) || return 0
    [[ -z ${OUR_RULES["$pref all $VIA_PREFIX $REPLY_IIF local"]-} || $PRESENT_BASE != "$BASE" ]] || PRESENT_BASE=$((pref - 2 * ${#STEPS[@]}))
  done
}

# What the rule for the local table at a preference should be, in the words of LOCAL_RULE: behind ours it does not matter.
local_rule_at() { if (($1 < BASE)); then FORM=$LOCAL_RULE; else FORM=plain; fi; } # preference; sets FORM

# What an entry of LOCALS is, in the same words.
form_of() { FORM=$2 && [[ $2 == plain ]] || FORM="except $4 $5 $6"; } # words of the entry; sets FORM

# True when each rule for the local table is what it should be, and the only one at its preference.
is_local_right() {
  local entry is seen=' '
  ((${#LOCALS[@]} > 0)) && [[ -z $LOCAL_IS_SPARE ]] || return
  for entry in "${LOCALS[@]}"; do
    form_of $entry
    is=$FORM
    local_rule_at "${entry%% *}"
    [[ $is == "$FORM" && $seen != *" ${entry%% *} "* ]] || return
    seen+="${entry%% *} "
  done
}

# True when there is none, or one that an interrupted run left; or, when all of ours is to go, one in our form.
is_local_astray() {
  [[ ${#LOCALS[@]} == 0 || -n $LOCAL_IS_SPARE || ($LOCAL_RULE == plain && ${LOCALS[*]} == *' except '*) ]]
}

# Lists what is ours and not wanted. The destination of a route is the second word of its key. A wrong route is none:
# the right one takes its place.
find_leftovers() { # base; sets LEFT_RULES and LEFT_ROUTES to keys
  local key right
  local -a words
  local -A is_right=()
  LEFT_RULES=() LEFT_ROUTES=()
  for key in "${!OUR_ROUTES[@]}"; do
    words=($key)
    right=${ROUTE_TO["${words[0]} ${words[1]}"]-}
    [[ -z $right || -n ${OUR_ROUTES[$right]-} ]] || continue
    [[ -n ${IS_WANTED[$key]-}${IS_KEPT[${words[1]}]-} ]] || LEFT_ROUTES+=("$key")
  done
  rules_at "$1"
  for key in "${RULES[@]}"; do is_right[$key]=1; done
  for key in "${!OUR_RULES[@]}"; do [[ -n ${is_right[$key]-} ]] || LEFT_RULES+=("$key"); done
}

is_anything_left() { # base
  find_leftovers "$1"
  ((${#LEFT_RULES[@]} + ${#LEFT_ROUTES[@]} > 0)) || is_local_astray
}

# Looks at everything once.
look() {
  read_nics || fail CHANGE_FAILED 'ip link and addr cannot be read'
  read_ours
  plan_state
  find_base
  read_routed
}

read_ours() {
  read_rules || fail CHANGE_FAILED 'ip rule cannot be read'
  read_routes || fail CHANGE_FAILED 'ip route cannot be read'
}

# The drift letters of all paths, from the last look. Leftovers and what is installed concern every path.
judge() { # sets DRIFTS, and DETOURS to what counts only where a connect fails
  local index left='' order=''
  DRIFTS=() DETOURS=()
  find_present_base
  is_anything_left "$PRESENT_BASE" && left=X
  if ! is_local_right || [[ $PRESENT_BASE != "$BASE" ]]; then order=O; fi
  for index in "${!VIP[@]}"; do
    drift_of "$index"
    DRIFTS[index]=$DRIFT$left$INSTALL_DRIFT
    DETOURS[index]=$DETOUR
  done
}

drift_of() { # index; sets DRIFT and DETOUR
  local index=$1 pair table way=''
  DRIFT=N DETOUR=''
  [[ -z ${NIC_MISSING[index]} ]] || return
  DRIFT=''
  if [[ -z ${OUR_ROUTES[${VIP_ROUTE[index]}]-} ]]; then
    table=${VIP_ROUTE[index]%% *}
    if [[ -n ${ROUTED_BY_US["$table ${VIP[index]}"]-} ]]; then DRIFT+=W; else DRIFT+=R; fi
  fi
  for pair in ${PAIRS_OF[index]}; do
    [[ $DRIFT == *Y* || -n ${OUR_ROUTES[${REPLY_ROUTE[pair]}]-} ]] || DRIFT+=Y
  done
  [[ -n ${OUR_RULES["$((PRESENT_BASE + 2 * ${#STEPS[@]})) all $VIA_PREFIX $REPLY_IIF local"]-} ]] || DRIFT+=L
  for pair in ${PAIRS_OF[index]}; do
    [[ $DRIFT == *L* ]] || is_step_there "${CONTAINERS:-${PAIRS[pair]% *}} ${PAIRS[pair]#* } $REPLY_IIF" || DRIFT+=L
  done
  [[ $DRIFT == *L* ]] || DRIFT+=$order
  is_step_there "${VIA_IP[index]} - lo" && is_step_there '0.0.0.0 - lo' || DRIFT+=K
  [[ -z $DRIFT ]] || return
  compare_ways "$index"
}

is_step_there() { # "from to iif"
  local number=${STEP_OF[$1]} pref table
  pref=$((PRESENT_BASE + 2 * number))
  [[ -n ${OUR_RULES["$pref ${STEPS[number]} - not goto $((pref + 2))"]-} ]] || return
  for table in ${STEP_TABLES[number]}; do [[ -n ${OUR_RULES["$((pref + 1)) all - - $table"]-} ]] || return; done
  return 0
}

# Ours is complete; does the kernel use it, or does somebody else's rule or route take precedence? It does when packets
# leave by another interface, or from another source. Another gateway on the same interface counts where the connect fails.
compare_ways() { # index; sets DRIFT and DETOUR
  local index=$1 vip=${VIP[$1]} via=${VIA_IP[$1]} pair way
  way=${ROUTED["$vip -"]-}
  [[ ${way%% *} == "${VIA_DEV[index]}" && ${way##* } == "$via" ]] || DRIFT=F
  [[ $way == "${VIA_DEV[index]} ${VIA_GATEWAY[index]} $via" ]] || DETOUR=F
  way=${ROUTED["$vip $via"]-}
  [[ ${way%% *} == "${VIA_DEV[index]}" ]] || DRIFT=F
  [[ $way == "${VIA_DEV[index]} ${VIA_GATEWAY[index]} "* ]] || DETOUR=F
  for pair in ${PAIRS_OF[index]}; do
    [[ ${REPLIER-there} ]] || continue
    way=${ROUTED["$via ${REPLIER-${PAIRS[pair]% *}}"]-}
    [[ ${way%% *} == "${BACKEND_DEV[pair]}" ]] || DRIFT=F
    [[ $way == "${BACKEND_DEV[pair]} ${BACKEND_GATEWAY[pair]} "* ]] || DETOUR=F
  done
}
