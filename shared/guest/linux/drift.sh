# shellcheck shell=bash
# ilb-hairpin-guard: what should be, and how what is differs from it.

readonly UNBOUND_RULE="2 0.0.0.0 - - $VIP_TABLE"
REPLY_ROUTE=() REPLY_RULE=() LOOKUP_RULE=() VIP_ROUTE=() # keys by path; none where a NIC is missing
declare -A IS_WANTED=()   # key -> 1, for rules and routes
declare -A ROUTE_TO=()    # "table destination" -> key of the route that is wanted there
declare -A IS_KEPT=()     # destination of rules and routes that stay as they are while their NIC is missing
BACKEND_DEV=() BACKEND_GATEWAY=() VIA_DEV=() VIA_GATEWAY=() NIC_MISSING=()

# Turns the plan into rules and routes on the interfaces that are there. Reply tables are numbered along the plan,
# one for each backend NIC.
plan_state() {
  local index key table next=$VIP_TABLE
  local -A table_of=()
  REPLY_ROUTE=() REPLY_RULE=() LOOKUP_RULE=() VIP_ROUTE=() IS_WANTED=() ROUTE_TO=() IS_KEPT=() NIC_MISSING=()
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
    ROUTE_TO["$table ${VIA_IP[index]}"]=${REPLY_ROUTE[index]} ROUTE_TO["$VIP_TABLE ${VIP[index]}"]=${VIP_ROUTE[index]}
  done
  ((${#VIP[@]} == 0)) || IS_WANTED[$UNBOUND_RULE]=1
  for key in "${REPLY_ROUTE[@]}" "${REPLY_RULE[@]}" "${LOOKUP_RULE[@]}" "${VIP_ROUTE[@]}"; do IS_WANTED[$key]=1; done
}

# The plan of remove.
plan_nothing() {
  REPLY_ROUTE=() REPLY_RULE=() LOOKUP_RULE=() VIP_ROUTE=() IS_WANTED=() ROUTE_TO=() IS_KEPT=()
}

# True when the rule stands behind a `lookup local`, or there is none at all.
is_behind_local() { ((LOCAL_AT < 0 || RULE_AT["$1"] > LOCAL_AT)); } # key

# True when `lookup local` is not where it should be: left by an interrupted run, or lost.
is_local_astray() { ((LOCAL_AT < 0)) || [[ -n $LOCAL_IS_SPARE ]]; }

# Lists what is ours and not wanted. The destination of a rule is the third word of its key, of a route the second.
# A wrong route is none: the right one takes its place.
find_leftovers() { # sets LEFT_RULES and LEFT_ROUTES to keys
  local key right
  local -a words
  LEFT_RULES=() LEFT_ROUTES=()
  for key in "${!OUR_ROUTES[@]}"; do
    words=($key)
    right=${ROUTE_TO["${words[0]} ${words[1]}"]-}
    [[ -z $right || -n ${OUR_ROUTES[$right]-} ]] || continue
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

# The drift letters of all paths, from the last look. Leftovers and what is installed concern every path.
judge() { # sets DRIFTS
  local index left=''
  DRIFTS=()
  is_anything_left && left=X
  for index in "${!VIP[@]}"; do
    drift_of "$index"
    DRIFTS[index]=$DRIFT$left$INSTALL_DRIFT
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
