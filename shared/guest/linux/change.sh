# shellcheck shell=bash
# ilb-hairpin-guard: changing.
# Long: each change stands beside what undoes it.

QUEUE=()    # lines for ip, to be run as one batch
INVERSE=()  # the lines that undo them
UNDO=()     # what undoes all that this run changed, the latest first
LOCAL_BEFORE= # the form of the rule for the local table before it

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

# Adds those of our rules that are not there, each behind what it leads to.
add_rules() {
  local key line
  local -a words
  rules_at "$BASE"
  for key in "${RULES[@]}"; do
    [[ -z ${OUR_RULES[$key]-} ]] || continue
    words=($key)
    line="pref ${words[0]}"
    if [[ ${words[5]-} == not ]]; then line+=" not from ${words[1]/#0.0.0.0/0.0.0.0/32}"; fi
    [[ ${words[2]} == - ]] || line+=" to ${words[2]}"
    [[ ${words[3]} == - ]] || line+=" iif ${words[3]}"
    if [[ ${words[5]-} == not ]]; then line+=" goto ${words[7]}"; else line+=" lookup ${words[4]}"; fi
    line+=" protocol $PROTOCOL"
    queue "rule add $line" "rule del $line"
  done
  run_queue
}

# Adds those of the given routes that are not there, in place of one of ours to the same destination.
add_routes() { # keys
  local key line old
  local -a words
  for key; do
    [[ -n $key && -z ${OUR_ROUTES[$key]-} ]] || continue
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

# Puts the rule for the local table in its form, or gives the kernel's back. In that form it leaves out what this machine
# sends from a backend to a via address, and nothing else: so the packets that come in find the local table in either
# form. A new rule lands behind those with its preference; so the one is made while the other is there, and that one is
# taken away. Each step is taken only after a fresh look showed the one before: at every moment one of them exists,
# whatever kills this run. With the protocol of the one before it, the kernel's, no network manager takes it for somebody's.
set_local() {
  local step
  read_rules || fail CHANGE_FAILED 'ip rule cannot be read'
  LOCAL_BEFORE=${LOCAL_BEFORE:-$(local_form)}
  is_local_right && ! is_local_astray && return
  CRITICAL=1
  change_local
  step=$?
  CRITICAL=0
  if ((step == 1)); then
    set_error CHANGE_FAILED "lookup local cannot be moved behind a foreign rule: ${HELD_BY[$LOCAL_PREF]%% proto *}"
  elif ((step == 0)); then
    note "changed: lookup local: $LOCAL_RULE"
    ((++CHANGED))
  else
    set_error CHANGE_FAILED "lookup local: step $step"
  fi
  stop_if_asked
}

# What the first rule for the local table is now, in the words of LOCAL_RULE.
local_form() {
  local -a words=(${LOCALS[0]-0 plain})
  if [[ ${words[1]} == plain ]]; then printf plain; else printf '%s' "except ${words[3]} ${words[4]} ${words[5]}"; fi
}

# Takes one step after the other, until there is none. Returns 1 where somebody's rule is in the way, 2 to 4 for the step
# that did not work however often it was tried.
change_local() {
  local -a words
  local entry tries step=2 wanted to_add to_delete form
  for ((tries = 0; tries < 12; tries++)); do
    read_rules || return $step
    to_add='' to_delete=''
    if ((${#LOCALS[@]} == 0)); then
      local_rule_at 0
      to_add='0 kernel' form=$FORM
    fi
    for entry in "${LOCALS[@]}"; do
      words=($entry)
      local_rule_at "${words[0]}"
      wanted=$FORM
      form_of $entry
      if [[ $FORM != "$wanted" && -z $to_delete ]]; then
        to_delete=$entry
        # The kernel takes one without a condition for one that is there with the same interface (rule_exists does not
        # look at `not`): it is reached by way of the form for this machine's own packets.
        [[ $wanted != plain || $FORM != *' -' ]] || wanted=${FORM%-}lo
        is_form_at "${words[0]}" "$wanted" || to_add="${words[0]} ${words[2]}" form=$wanted
      fi
    done
    if [[ -n $to_add ]]; then
      # What then comes first might lead the machine's own addresses astray.
      [[ -z $to_delete || -z ${HELD_BY[${to_add% *}]-} ]] || return 1
      step=2
      add_local $to_add $form
    elif [[ -n $to_delete ]]; then
      step=3
      delete_local $to_delete
    elif [[ -n $LOCAL_IS_SPARE ]]; then
      step=4
      # Without the protocol this might take somebody's rule at preference 1 that leads there under a condition.
      try_rule del pref 1 lookup local protocol kernel
    else
      return 0
    fi
  done
  return $step
}

is_form_at() { # preference form
  local entry
  for entry in "${LOCALS[@]}"; do
    form_of $entry
    [[ ${entry%% *} != "$1" || $FORM != "$2" ]] || return 0
  done
  return 1
}

add_local() { # preference protocol plain|except from to iif
  condition_of "$3" "${4-}" "${5-}" "${6-}"
  try_rule add pref "$1" "${CONDITION[@]}" lookup local protocol "$2"
}

# Takes away the first rule that fits: one without a condition fits any that leads there. If that was the wrong one, the
# next look finds the right one missing, and it is added again behind what is to go.
delete_local() { # preference plain|except protocol from to iif
  condition_of "$2" "${4-}" "${5-}" "${6-}"
  try_rule del pref "$1" "${CONDITION[@]}" lookup local protocol "$3"
}

condition_of() { # plain|except from to iif; sets CONDITION
  CONDITION=()
  [[ $1 == except ]] || return 0
  CONDITION=(not from "$2")
  [[ $3 == - ]] || CONDITION+=(to "$3")
  [[ $4 == - ]] || CONDITION+=(iif "$4")
}

# One step of the above: whether it worked is seen by the look after it.
try_rule() { # ip's words
  local said
  said=$(ip -4 rule "$@" 2>&1) || note "ip rule $*: $said"
}

# Takes away what is ours and not wanted: first the way in (the VIP routes), then the rules, then the way back. Of VIP
# routes a key has the source.
remove_leftovers() {
  local key
  read_ours
  find_leftovers "$BASE"
  for key in "${LEFT_ROUTES[@]}"; do
    [[ $key == *' -'* ]] || queue "route del ${OUR_ROUTES[$key]}" "route add ${OUR_ROUTES[$key]}"
  done
  queue_left_rules
  for key in "${LEFT_ROUTES[@]}"; do
    [[ $key != *' -'* ]] || queue "route del ${OUR_ROUTES[$key]}" "route add ${OUR_ROUTES[$key]}"
  done
  run_queue
}

# Those that lead to a table before those that lead past it.
queue_left_rules() {
  local key past=
  for past in '' 1; do
    for key in "${LEFT_RULES[@]}"; do
      [[ $key == *' goto '* && -z $past || $key != *' goto '* && -n $past ]] ||
        queue "rule del ${OUR_RULES[$key]}" "rule add ${OUR_RULES[$key]}"
    done
  done
}

# Adds our rules where they belong. Where some of ours that are to go have the same preferences, those would lead past the
# new ones and be missed once they go: then all are made anew ahead of them, the old ones go, and only then they come to
# where they belong.
place_rules() {
  local key pref base=$BASE lowest=$BASE end=$((BASE + 2 * ${#STEPS[@]})) crossed=''
  find_leftovers "$base"
  for key in "${LEFT_RULES[@]}"; do
    pref=${key%% *}
    ((pref >= lowest)) || lowest=$pref
    ((pref < base || pref > end)) || crossed=1
  done
  BASE=$((lowest - 1 - 2 * ${#STEPS[@]}))
  if [[ -n $crossed ]] && ((BASE > LOCAL_PREF)); then
    add_rules
    read_ours
    find_leftovers "$BASE"
    queue_left_rules
    run_queue
    read_ours
  fi
  BASE=$base
  add_rules
}

# Makes the state what was planned. Needs a look before; the caller looks again afterwards. In this order nothing that
# connected stops: the way back first, then the rules, which find nothing in the tables of the VIPs yet, then what stood
# in their way, and the VIP routes last.
change_state() {
  [[ -n ${VIP_ROUTE[*]-} ]] || return 0 # not one path has its NICs: what is there stays for when they are back
  add_routes "${REPLY_ROUTE[@]}"
  place_rules
  set_local
  add_routes "${VIP_ROUTE[@]}"
  remove_leftovers
}

# Takes back what this run changed in rules and routes.
undo_changes() {
  QUEUE=("${UNDO[@]}")
  INVERSE=("${UNDO[@]}")
  TOTAL_SECONDS=$((SECONDS + 10)) # a run whose time is up takes its changes back all the same
  LOCAL_RULE=${LOCAL_BEFORE:-plain}
  set_local
  run_queue
  UNDO=()
}
