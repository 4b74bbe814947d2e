# shellcheck shell=bash
# ilb-hairpin-guard: the service: looks whenever rules, routes, addresses or links change, and puts right what is wrong.

# What counts as quiet: another agent that undoes the state more often is fought with ever longer pauses.
WATCH_QUIET_SECONDS=60
WATCH_PATIENCE=6
WATCH_LONGEST_PAUSE=60
# How often to look when nothing is heard, how long to gather what comes at once, and how long at most.
WATCH_POLL_SECONDS=30
WATCH_GATHER_SECONDS=0.2
WATCH_GATHER_AT_MOST=1

MONITOR=
NEXT_POLL=
WATCHING=
LAST_FOUND=nothing # what the last look found

# Kernel routes go with a link or an address, some of them without an event of their own: all four kinds are heard.
start_monitor() {
  stop_monitor
  exec {MONITOR_OUTPUT}< <(exec ip -o monitor link address route rule 2>/dev/null)
  MONITOR=$!
  NEXT_POLL=1 # what happens before it hears is found by a look soon afterwards
}

stop_monitor() {
  [[ -n $MONITOR ]] || return 0
  kill "$MONITOR" 2>/dev/null
  exec {MONITOR_OUTPUT}<&-
  MONITOR=
}

# Waits for an event, and on until there is a short silence, so that many changes are one look.
wait_for_event() {
  local code line until
  read -r -t "$NEXT_POLL" -u "$MONITOR_OUTPUT" line
  code=$?
  NEXT_POLL=$WATCH_POLL_SECONDS
  stop_if_asked
  ((code <= 128)) || return 0 # nothing happened: look all the same
  if ((code > 0)); then
    note 'ip monitor ended; it is started anew'
    pause 1
    start_monitor
    return
  fi
  until=$((SECONDS + WATCH_GATHER_AT_MOST))
  while ((SECONDS < until)) && read -r -t "$WATCH_GATHER_SECONDS" -u "$MONITOR_OUTPUT" line; do :; done
}

pause() { # seconds
  sleep "$1" &
  wait $!
  stop_if_asked
}

# One look, and what follows from it. Another agent's work is put right as well, ever more slowly when it goes on.
heal() {
  local index found=''
  SECONDS=0 CHANGED=0 ERROR_CODE='' ERROR_DETAIL='' QUEUE=()
  lock state 30 || return
  if load_plan; then
    check_plan
    look
    judge
    for index in "${!VIP[@]}"; do [[ -z ${DRIFTS[index]} ]] || found+=" ${VIP[index]}:${DRIFTS[index]}"; done
    [[ $found == "$LAST_FOUND" ]] || note "found:${found:- as planned}"
    LAST_FOUND=$found
    [[ -z ${DRIFTS[*]//[ FN]/} ]] || change_state
  fi
  unlock state
}

# How long to wait after a change, from how often there was one lately.
slow_down() {
  local now
  printf -v now '%(%s)T' -1
  if ((CHANGED == 0)) && [[ -z $ERROR_CODE ]]; then
    ((now - LAST_HEAL > WATCH_QUIET_SECONDS + PAUSE)) || return 0
    ((HEALS <= WATCH_PATIENCE)) || note 'quiet again'
    HEALS=0 PAUSE=0
    rm -f "$FIGHT_FILE"
    return
  fi
  LAST_HEAL=$now
  ((++HEALS > WATCH_PATIENCE)) || return 0
  PAUSE=$((HEALS - WATCH_PATIENCE > 5 ? WATCH_LONGEST_PAUSE : 1 << (HEALS - WATCH_PATIENCE)))
  ((PAUSE <= WATCH_LONGEST_PAUSE)) || PAUSE=$WATCH_LONGEST_PAUSE
  note "put right $HEALS times without a quiet minute: another agent works against this. Next look in $PAUSE s"
  printf '%s\n' "$HEALS" >"$FIGHT_FILE"
  pause "$PAUSE"
}

watch() {
  local HEALS=0 PAUSE=0 LAST_HEAL=0
  TOTAL_SECONDS=30
  start_monitor
  while :; do
    heal
    slow_down
    wait_for_event
  done
}
