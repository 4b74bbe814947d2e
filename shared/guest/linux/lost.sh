# shellcheck shell=bash
# ilb-hairpin-guard: when a connect is lost though the state is as planned: which packet it was, and where. Nothing here
# runs while all connects succeed.

LOST_PACKET=()   # by path: o request leaving, i request arriving, p reply leaving, q reply arriving; u, f: told at once
LOST_AT=()       # by path: which backend address accepted, where one did
FIREWALLS=()     # entries of the report, see shared/guest/wire.ts

# Tells by the sockets of connects that hang which packet is lost. The accepted side has a socket as soon as the request
# arrived. And each side counts what it sent again (after a second) only when the packet left: one that is dropped on its
# way out is a retransmission that failed.
look_at_lost() { # indexes
  local index line end left gone tries more='' key='' place told
  local -A near_of=() sent=() again=() accepted=() answers=()
  for index; do
    LOST_PACKET[index]='' LOST_AT[index]=''
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
      place=0 told=''
      for key in ${BACKEND_IP[index]//,/ }; do
        key+=" $end"
        if [[ -n ${accepted[$key]-} ]]; then
          told=1 LOST_PACKET[index]=p LOST_AT[index]=$place
          [[ -z ${answers[$key]-} ]] || LOST_PACKET[index]=q
        fi
        ((++place))
      done
      if [[ -z $told ]] && ((gone > 0)); then
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
  local index entry place packet devices pair number NEAR_IP NEAR_DEV IFS=$' \t\n' # lines_of has another
  local -a order=()
  local -A places_of=() paths_of=()
  READ_UNTIL=$((SECONDS + 8))
  ((READ_UNTIL < TOTAL_SECONDS)) || READ_UNTIL=$((TOTAL_SECONDS - 1))
  for index in "${!VIP[@]}"; do
    [[ -n ${LOST_PACKET[index]-} && -z ${DRIFTS[index]//[SUX]/} ]] || continue
    read_firewalls
    number=0
    for pair in ${PAIRS_OF[index]}; do # while nobody accepted it may have been any of them
      if [[ -z ${LOST_AT[index]} || ${LOST_AT[index]} == "$number" ]]; then
        NEAR_IP=${PAIRS[pair]% *} NEAR_DEV=${BACKEND_DEV[pair]}
        packet="${LOST_PACKET[index]} $NEAR_DEV ${VIA_DEV[index]} ${PAIRS[pair]} ${VIP[index]}"
        [[ -n ${places_of[$packet]+there} ]] || find_places "$index"
        safe_devices "$index"
        for place in ${places_of[$packet]}; do
          entry="${place%%;*}${number/#0/};$devices;${place#*;}"
          [[ -n ${paths_of[$entry]-} ]] || order+=("$entry")
          add_path_number "$entry" "$index"
        done
      fi
      ((++number))
    done
  done
  for entry in "${order[@]}"; do printf '%s\n' "$entry;${paths_of[$entry]}"; done
}

safe_devices() { # index; sets devices
  local name plain='^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$'
  devices=''
  for name in "$NEAR_DEV" "${VIA_DEV[$1]}"; do
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
