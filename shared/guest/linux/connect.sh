# shellcheck shell=bash
# ilb-hairpin-guard: connecting, and the proof.

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
