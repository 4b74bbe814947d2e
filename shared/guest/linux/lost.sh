# shellcheck shell=bash
# ilb-hairpin-guard: when a connect is lost though the state is as planned: which packet it was, and where. Nothing here
# runs while all connects succeed.

LOST_PACKET=()   # by path: o request leaving, i request arriving, p reply leaving, q reply arriving; u, f: told at once
FIREWALLS=()     # entries of the report, see shared/guest/wire.ts

# Tells by the sockets of connects that hang which packet is lost. The accepted side has a socket as soon as the request
# arrived. And each side counts what it sent again (after a second) only when the packet left: one that is dropped on its
# way out is a retransmission that failed.
look_at_lost() { # indexes
  local index line end left gone tries more='' key=''
  local -A near_of=() sent=() again=() accepted=() answers=()
  for index; do
    LOST_PACKET[index]=''
    case ${OUTCOME[index]} in [uf]*) LOST_PACKET[index]=${OUTCOME[index]:0:1} ;; t*) more=1 ;; esac
  done
  [[ -n $more ]] || return
  for ((tries = 0; tries < 4; tries++)); do
    lines_of list_hanging || { sockets_unread; return; }
    near_of=() sent=() again=() accepted=() answers=()
    for line in "${LINES[@]}"; do
      if [[ $line != [A-Z]* ]]; then # what more is known of the socket above
        [[ -n $key && $line =~ retrans:([0-9]+)/([0-9]+) ]] && again[$key]=${BASH_REMATCH[1]} sent[$key]=${BASH_REMATCH[2]}
        continue
      fi
      key=''
      read_ends "$line" || continue
      case $line in
        SYN-SENT*) key=$FAR near_of[$FAR]=$NEAR ;;
        TIME-WAIT* | LISTEN*) ;;
        *)
          accepted["${NEAR%:*} $FAR"]=1
          [[ $line == SYN-RECV* && ! $line =~ timer:\([a-z]*,[^,]*,0\) ]] && answers["${NEAR%:*} $FAR"]=1
          ;;
      esac
    done
    more=''
    for index; do
      key=${VIP[index]}:${PORT[index]}
      end=${near_of[$key]-}
      [[ ${OUTCOME[index]} == t* && ${end%:*} == "${VIA_IP[index]}" ]] || continue
      gone=${sent[$key]-0} left=${again[$key]-0}
      ((gone > 0)) || more=1
      key="${BACKEND_IP[index]} $end"
      if [[ -n ${accepted[$key]-} ]]; then
        LOST_PACKET[index]=p
        [[ -z ${answers[$key]-} ]] || LOST_PACKET[index]=q
      elif ((gone > 0)); then
        LOST_PACKET[index]=i
        ((left > 0)) || LOST_PACKET[index]=o
      fi
    done
    [[ -n $more ]] || break
    sleep 0.3
  done
}

list_hanging() {
  timeout 5 ss -H -t -a -n -o -i "$(socket_filter)" 2>/dev/null
}

# Says of all paths whose state is as planned and whose last connect was lost where it was.
explain_lost() { # sets FIREWALLS
  [[ -n ${LOST_PACKET[*]// /} ]] || return 0
  # Apart from this run: whatever a firewall's rules look like, what was changed can still be taken back.
  lines_of list_lost || note 'where connects were lost cannot be told'
  FIREWALLS=("${LINES[@]}")
}

list_lost() {
  local index entry place packet devices IFS=$' \t\n' # lines_of has another
  local -a order=()
  local -A places_of=() paths_of=()
  READ_UNTIL=$((SECONDS + 8))
  ((READ_UNTIL < TOTAL_SECONDS)) || READ_UNTIL=$((TOTAL_SECONDS - 1))
  for index in "${!VIP[@]}"; do
    [[ -n ${LOST_PACKET[index]-} && -z ${DRIFTS[index]//[SUX]/} ]] || continue
    read_firewalls
    packet="${LOST_PACKET[index]} ${BACKEND_DEV[index]} ${VIA_DEV[index]} ${BACKEND_IP[index]} ${VIA_IP[index]}"
    packet+=" ${VIP[index]}"
    [[ -n ${places_of[$packet]+there} ]] || find_places "$index"
    safe_devices "$index"
    for place in ${places_of[$packet]}; do
      entry="${place%%;*};$devices;${place#*;}"
      [[ -n ${paths_of[$entry]-} ]] || order+=("$entry")
      add_path_number "$entry" "$index"
    done
  done
  for entry in "${order[@]}"; do printf '%s\n' "$entry;${paths_of[$entry]}"; done
}

safe_devices() { # index; sets devices
  local name plain='^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$'
  devices=''
  for name in "${BACKEND_DEV[$1]}" "${VIA_DEV[$1]}"; do
    [[ $name =~ $plain ]] || name=-
    devices+=${devices:+;}$name
  done
}

# Appends a path's number to a list such as `0.3-5`.
add_path_number() { # entry number
  local list=${paths_of[$1]-} last
  last=${list##*[.-]}
  if [[ -z $list ]]; then
    list=$2
  elif ((last + 1 != $2)); then
    list+=.$2
  elif [[ $list =~ -[0-9]+$ ]]; then
    list=${list%-*}-$2
  else
    list+=-$2
  fi
  paths_of[$1]=$list
}
