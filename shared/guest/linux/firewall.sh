# shellcheck shell=bash
# ilb-hairpin-guard: which firewall of this machine may have ended a packet. Firewalls are read and never changed.

FIREWALLS_READ=
UNREAD=()               # firewalls that are there and could not be read
declare -A PLACES_AT=() # a packet -> its places

# Sets the places of a packet at the backend address NEAR_IP on NEAR_DEV: `letter;place` for each base chain that may end it. What was told at once was rejected,
# where a request may be: on its way out, or as it arrives.
find_places() { # index; sets places_of[$packet]
  local unread
  places_of[$packet]=''
  case ${LOST_PACKET[$1]} in
    [uf])
      places_at o "$1" "${LOST_PACKET[$1]}"
      [[ -n ${places_of[$packet]} ]] || places_at i "$1" "${LOST_PACKET[$1]}"
      return
      ;;
    i)
      places_at i "$1"
      [[ ${places_of[$packet]} != *' i;dnat:'* ]] || return 0
      # A reply that is rejected takes the accepted socket with it: it looks as if no request had come.
      [[ -n ${places_of[$packet]} ]] || places_at p "$1" r
      ;;
    *) places_at "${LOST_PACKET[$1]}" "$1" ;;
  esac
  if [[ -z ${places_of[$packet]} ]]; then
    for unread in "${UNREAD[@]:-none}"; do places_of[$packet]+=" ${LOST_PACKET[$1]};$unread"; done
  fi
  # If the request went to another machine, it may be that one's reply.
  [[ ${LOST_PACKET[$1]} != i ]] || places_at q "$1" l
}

# Those of one packet. With u or f only where something rejects so that a connect ends unreachable or refused, with r
# where anything rejects, with l where it is likely. Of several chains those count that are the likeliest to end it.
places_at() { # letter index [u|f|r|l]; adds to places_of[$packet]
  local key found='' worst=0 hooks known handed='' early=0
  PACKET_IN='' PACKET_OUT='' PACKET_OPENS='' PACKET_FROM=${VIA_IP[$2]} PACKET_TO=${VIA_IP[$2]}
  case $1 in
    o) PACKET_OUT=${VIA_DEV[$2]} PACKET_TO=${VIP[$2]} PACKET_OPENS=1 ;;
    i) PACKET_IN=$NEAR_DEV PACKET_TO=$NEAR_IP PACKET_OPENS=1 ;;
    p) PACKET_OUT=$NEAR_DEV PACKET_FROM=$NEAR_IP ;;
    q) PACKET_IN=${VIA_DEV[$2]} PACKET_FROM=${VIP[$2]} ;;
  esac
  known="$1 ${3-} $PACKET_IN $PACKET_OUT $PACKET_FROM $PACKET_TO"
  if [[ -n ${PLACES_AT[$known]+there} ]]; then
    places_of[$packet]+=${PLACES_AT[$known]}
    return
  fi
  hooks=' ingress prerouting input '
  [[ -z $PACKET_OUT ]] || hooks=' output postrouting egress '
  for key in "${BASE_CHAINS[@]}"; do
    [[ $hooks == *" ${CHAIN_HOOK[$key]} "* ]] || continue
    [[ -z ${CHAIN_DEVICE[$key]// /} || " ${CHAIN_DEVICE[$key]} " == *" $PACKET_IN$PACKET_OUT "* ]] || continue
    walk_base "$key"
    if [[ -n $WALK_IS_CUT ]]; then
      [[ " ${UNREAD[*]} " == *" unread:${key%%[ -]*} "* ]] || UNREAD+=("unread:${key%%[ -]*}")
      continue
    fi
    # A redirect to an address of this machine changes the port at most.
    [[ $1 != i || -z $WALK_DNAT || -n ${LOCAL_OF[$WALK_DNAT]-} ]] || handed=$WALK_DNAT
    ((WALK_DROPS > 0)) || continue
    [[ ${CHAIN_HOOK[$key]} == input ]] || ((WALK_DROPS <= early)) || early=$WALK_DROPS
    case ${3-} in
      l) ((WALK_DROPS > 1)) || continue ;;
      u) [[ $WALK_REJECTS =~ prohibited|unreachable ]] || continue ;;
      f) [[ "|$WALK_REJECTS" =~ tcp[\ -]reset|port-unreach|\|\ +\| ]] || continue ;;
      r) [[ -n $WALK_REJECTS ]] || continue ;;
    esac
    name_place "$key"
    ((WALK_DROPS <= worst)) || found='' worst=$WALK_DROPS
    ((WALK_DROPS < worst)) || found+=" $1;$PLACE"
  done
  # It is handed to a container or another machine, and passes no input chain then.
  [[ -z $handed ]] || ((early > 2)) || found=" i;dnat:$handed"
  PLACES_AT[$known]=$found
  places_of[$packet]+=$found
}

# The place where a rule belongs, from the key of a chain.
name_place() { # key; sets PLACE
  local name='^[A-Za-z][A-Za-z0-9_.-]{0,31}$' owner='^(filter_)?(IN|OUT)_(policy_)?([A-Za-z0-9][A-Za-z0-9-]{0,19})(_(pre|log|deny|allow|post))?$'
  local -a words=($1)
  local tool=${words[0]} family=${words[1]} table=${words[2]} chain=${words[3]}
  # firewalld has a table of its own, or, with iptables behind it, chains of its own.
  if [[ $table == firewalld || -n ${CHAIN_RULES["$tool $family $table INPUT_ZONES"]-} ]]; then
    PLACE=firewalld
    [[ $WALK_OWNER =~ $owner ]] || [[ -n $PACKET_IN && $WALK_ZONE =~ $owner ]] || return 0
    PLACE+=:zone:${BASH_REMATCH[4]}
    [[ -z ${BASH_REMATCH[3]} ]] || PLACE=firewalld:policy:${BASH_REMATCH[4]}
  elif [[ $tool == nft && $family == ip && -n $IPTABLES_IS_NFT && $table == @(filter|mangle|raw|security|nat) &&
    $chain == @(PREROUTING|INPUT|OUTPUT|POSTROUTING) ]]; then
    PLACE=iptables:$table:$chain
  elif [[ $tool != nft ]]; then
    PLACE=$tool:$table:$chain
  elif [[ $table =~ $name && $chain =~ $name ]]; then
    PLACE=nft:$family:$table:$chain
  else
    PLACE=unread:nft
  fi
}

IPTABLES_IS_NFT=  # `iptables` keeps its rules in nftables

# Asks a tool, for as long as there is time.
ask() { # command; sets LINES
  local left=$((READ_UNTIL - SECONDS))
  ((left > 0)) || return
  lines_of timeout $((left < 4 ? left : 4)) "$@" 2>/dev/null
}

# Reads what is there, once. Only tables that exist are asked for: asking iptables for another one would make it.
read_firewalls() {
  local version='' table tool=iptables-legacy
  local -a tables=()
  [[ -z $FIREWALLS_READ ]] || return
  FIREWALLS_READ=1
  type -P iptables >/dev/null && ask iptables -V && version=${LINES[*]}
  [[ $version != *nf_tables* ]] || IPTABLES_IS_NFT=1
  [[ -z $version || -n $IPTABLES_IS_NFT ]] || tool=iptables
  if type -P nft >/dev/null; then
    if ask nft -s -t list ruleset || ask nft list ruleset; then
      parse_nft
    else
      UNREAD+=(unread:nft)
    fi
  elif [[ -n $IPTABLES_IS_NFT ]]; then
    if ask iptables-save; then parse_iptables iptables; else UNREAD+=(unread:iptables); fi
  fi
  [[ ! -r /proc/net/ip_tables_names ]] || { lines_of cat /proc/net/ip_tables_names && tables=("${LINES[@]}"); }
  for table in "${tables[@]}"; do
    if [[ $table =~ ^[a-z]+$ ]] && ask "$tool-save" -t "$table"; then
      parse_iptables "$tool"
    else
      UNREAD+=(unread:iptables)
      break
    fi
  done
}
