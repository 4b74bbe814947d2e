# shellcheck shell=bash
# ilb-hairpin-guard: changing.

QUEUE=()    # lines for ip, to be run as one batch
INVERSE=()  # the lines that undo them
UNDO=()     # what undoes all that this run changed, the latest first

queue() { # line, line that undoes it
  QUEUE+=("$1")
  INVERSE+=("$2")
}

# Runs what was queued. A failure is remembered and the other lines go on; the look afterwards tells what is missing.
run_queue() {
  local line said='' failed=0 index
  ((${#QUEUE[@]} > 0)) || return 0
  check_time 'changing'
  if ! lines_of queue_to_ip; then
    for line in "${LINES[@]}"; do
      if [[ $line =~ ^Command\ failed\ -:([0-9]+)$ ]]; then
        ((++failed))
        set_error CHANGE_FAILED "${QUEUE[BASH_REMATCH[1] - 1]}: $said"
        unset "INVERSE[BASH_REMATCH[1] - 1]"
      else
        said=$line
      fi
    done
    if ((failed == 0)); then # ip did not even begin
      set_error CHANGE_FAILED "ip: $said"
      INVERSE=()
    fi
  fi
  for index in "${!INVERSE[@]}"; do
    note "changed: ${QUEUE[index]}"
    UNDO=("${INVERSE[index]}" "${UNDO[@]}")
  done
  CHANGED=$((CHANGED + ${#INVERSE[@]}))
  QUEUE=() INVERSE=()
}

queue_to_ip() {
  printf '%s\n' "${QUEUE[@]}" | ip -4 -force -batch - 2>&1
}

# Adds those of the given rules that are not there.
add_rules() { # keys
  local key line
  local -a words
  for key; do
    [[ -z ${OUR_RULES[$key]-} ]] || continue
    words=($key)
    line="pref ${words[0]} from ${words[1]/#0.0.0.0/0.0.0.0/32}"
    [[ ${words[2]} == - ]] || line+=" to ${words[2]}"
    [[ ${words[3]} == - ]] || line+=" iif ${words[3]}"
    line+=" lookup ${words[4]} protocol $PROTOCOL"
    queue "rule add $line" "rule del $line"
    OUR_RULES[$key]=added # two paths may share it
  done
  run_queue
}

# Adds those of the given routes that are not there, in place of one of ours to the same destination.
add_routes() { # keys
  local key line old
  local -a words
  for key; do
    [[ -z ${OUR_ROUTES[$key]-} ]] || continue
    words=($key)
    line="${words[1]}/32 via ${words[2]} dev ${words[3]}${ON_LINK["${words[3]} ${words[2]}"]:+ onlink}"
    [[ ${words[4]} == - ]] || line+=" src ${words[4]}"
    line+=" proto $PROTOCOL table ${words[0]}"
    old=${ROUTED_BY_US["${words[0]} ${words[1]}"]-}
    queue "route replace $line" "route ${old:+replace }${old:-del $line}"
    OUR_ROUTES[$key]=added
  done
  run_queue
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
  if ((step == 1)); then
    set_error CHANGE_FAILED "lookup local cannot be moved behind a foreign rule: $LOCAL_HELD"
  elif ((step == 0)); then
    note 'changed: lookup local stands behind the reply rules'
    ((++CHANGED))
  else
    set_error CHANGE_FAILED "lookup local: step $step"
  fi
  stop_if_asked
}

move_local() { # order|astray; returns the number of the step that failed
  local protocol=${LOCAL_PROTOCOL:-kernel} tries # so that it comes back as it was
  if [[ $1 == order ]] && ((LOCAL_AT >= 0)); then
    # What then comes first might lead the machine's own addresses astray; and a conditional rule for the local table
    # is what `ip rule del pref 0 lookup local` might take.
    [[ -z $LOCAL_HELD ]] || return 1
    [[ -n $LOCAL_IS_SPARE ]] || try_rule add pref 1 lookup local protocol kernel
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
  [[ -n $LOCAL_IS_SPARE ]] || return 0
  # Without the protocol this might take somebody's rule at preference 1 that leads there under a condition.
  try_rule del pref 1 lookup local protocol kernel
  read_rules && [[ -z $LOCAL_IS_SPARE ]] || return 5
}

# One step of the above: whether it worked is seen by the look after it.
try_rule() { # ip's words
  local said
  said=$(ip -4 rule "$@" 2>&1) || note "ip rule $*: $said"
}

# Takes away what is ours and not wanted: first the way in (the VIP routes), then the rules, then the way back.
remove_leftovers() {
  local key
  read_ours
  find_leftovers
  for key in "${LEFT_ROUTES[@]}"; do
    [[ $key != "$VIP_TABLE "* ]] || queue "route del ${OUR_ROUTES[$key]}" "route add ${OUR_ROUTES[$key]}"
  done
  for key in "${LEFT_RULES[@]}"; do queue "rule del ${OUR_RULES[$key]}" "rule add ${OUR_RULES[$key]}"; done
  for key in "${LEFT_ROUTES[@]}"; do
    [[ $key == "$VIP_TABLE "* ]] || queue "route del ${OUR_ROUTES[$key]}" "route add ${OUR_ROUTES[$key]}"
  done
  run_queue
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
  ((${#VIP_ROUTE[@]} == 0)) || add_rules "$UNBOUND_RULE"
  remove_leftovers
}

# Takes back what this run changed in rules and routes. The order of `lookup local` may stay: it changes nothing alone.
undo_changes() {
  QUEUE=("${UNDO[@]}")
  INVERSE=("${UNDO[@]}")
  TOTAL_SECONDS=$((SECONDS + 10)) # a run whose time is up takes its changes back all the same
  run_queue
  UNDO=()
}
