# shellcheck shell=bash
# ilb-hairpin-guard: connecting, and the proof.

WORK=
CONNECTS=                 # process that holds all connects

# Connects once, from a socket that is bound to no address, as applications do. Prints `<outcome letter> <milliseconds>
# <process that has the socket as file 3, or address:port>` into the file, and holds the connection until it is ended.
tcp_connect() { # VIP port seconds file
  local begin outcome=e ms
  begin=$(date +%s%N)
  { exec 3<>"/dev/tcp/$1/$2"; } 2>"$4.said" && outcome=o
  ms=$((($(date +%s%N) - begin) / 1000000))
  ((ms >= 0)) || ms=0 # the clock was set meanwhile
  if [[ $outcome == e ]]; then
    case $(<"$4.said") in
      *'Connection refused'*) outcome=f ;;
      *'Connection reset'*) outcome=r ;;
      *'Connection timed out'*) outcome=t ;;
      *unreachable* | *'No route to host'*) outcome=u ;;
    esac
  fi
  echo "$outcome $ms $BASHPID" >"$4"
  [[ $outcome != o ]] || exec sleep "$3"
}

# All connects side by side, each in a process of its own.
tcp_connects() { # seconds folder, then index VIP port for each
  local seconds=$1 folder=$2
  shift 2
  while (($# > 0)); do
    tcp_connect "$2" "$3" "$seconds" "$folder/$1" &
    shift 3
  done
  wait
}

now() { # sets NOW, in milliseconds of a clock that nobody sets
  read -r NOW _ </proc/uptime
  NOW=$((10#${NOW/./}0))
}

# Connects to the VIPs of the given paths side by side, each within the time limit, and sets OUTCOME, PROOF and SOURCE.
connect_all() { # indexes
  local index limit=$CONNECT_SECONDS left=$((TOTAL_SECONDS - SECONDS - 1)) began line ms end fresh
  local -a waiting=("$@") still open=() pairs=()
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
    OUTCOME[index]=n PROOF[index]=n LOST_PACKET[index]='' OWN_END[index]=''
    : >"$WORK/$index"
    pairs+=("$index" "${VIP[index]}" "${PORT[index]}")
  done
  # Under timeout, so that nothing outlives this run for long whatever ends it. Longer than the limit: what connected at
  # the last moment is still there when sockets are looked at.
  timeout -k 1 $((limit + 3)) bash -p -c "$(declare -f tcp_connect tcp_connects); tcp_connects \"\$@\"" connects \
    $((limit + 2)) "$WORK" "${pairs[@]}" </dev/null >/dev/null 2>&1 &
  CONNECTS=$!
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
        ends[$index]=$end fresh=1
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
  [[ -z $CONTAINERS ]] || look_at_tracked
  for index in "${open[@]}"; do [[ ${PROOF[index]} != n || (-n $CONTAINERS && -n ${OWN_END[index]-}) ]] || sockets_unread; done
  ((${#open[@]} == $#)) || look_at_lost "$@"
  stop_connects
}

is_any_unproved() {
  local index
  for index in "${open[@]}"; do
    [[ ${PROOF[index]} == n || (${PROOF[index]} == r && ${SOURCE[index]-} == "${VIA_IP[index]}") ]] && return
  done
  return 1
}

stop_connects() {
  [[ -n $CONNECTS ]] || return
  kill "$CONNECTS" 2>/dev/null
  wait "$CONNECTS" 2>/dev/null
  CONNECTS=
}
