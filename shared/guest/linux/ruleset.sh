# shellcheck shell=bash
# ilb-hairpin-guard: what a firewall's rules would do with one packet, as far as that can be told from their text.

declare -A CHAIN_RULES=()  # "tool family table chain" -> its rules, one a line
declare -A CHAIN_HOOK=()   # the same, of base chains -> hook
declare -A CHAIN_POLICY=() # the same -> policy
declare -A CHAIN_DEVICE=() # the same, where it is one device's -> device
BASE_CHAINS=()             # keys of the base chains
PACKET_IN='' PACKET_OUT='' # its interfaces, one of them empty
PACKET_FROM='' PACKET_TO='' # its addresses
PACKET_OPENS=''            # whether it opens a connection
READ_UNTIL=0               # SECONDS at which reading ends
IS_TRACKED=1               # no rule takes packets from connection tracking

add_chain() { # key hook policy device
  CHAIN_HOOK[$1]=$2 CHAIN_POLICY[$1]=$3 CHAIN_DEVICE[$1]=$4
  BASE_CHAINS+=("$1")
}

# Takes in what `nft list ruleset` printed.
parse_nft() { # lines in LINES
  local line table='' chain='' pattern='^type [a-z]+ hook ([a-z]+)( devices? = \{ ([^}]*) \}| device "?([^" ]+)"?)? priority .*$'
  for line in "${LINES[@]}"; do
    line=${line#"${line%%[![:space:]]*}"}
    [[ $line != *notrack* && $line != *'ct zone set'* ]] || IS_TRACKED=''
    if [[ $line =~ ^table\ ([a-z0-9]+)\ ([^ ]+)\ \{ ]]; then
      table="${BASH_REMATCH[1]} ${BASH_REMATCH[2]}" chain=''
      [[ $table == @(ip|inet|netdev)\ * ]] || table=''
    elif [[ $line =~ ^chain\ ([^ ]+)\ \{ ]]; then
      chain=${table:+nft $table ${BASH_REMATCH[1]}}
    elif [[ $line == '}' ]]; then
      chain=''
    elif [[ -n $chain && $line =~ $pattern ]]; then
      add_chain "$chain" "${BASH_REMATCH[1]}" accept "${BASH_REMATCH[3]//[\",]/ }${BASH_REMATCH[4]}"
      [[ $line == *'policy drop'* ]] && CHAIN_POLICY[$chain]=drop
    elif [[ -n $chain ]]; then
      CHAIN_RULES[$chain]+=$line$'\n'
    fi
  done
}

# Takes in what iptables-save printed.
parse_iptables() { # iptables|iptables-legacy; lines in LINES
  local line table='' key
  local -A hooks=([PREROUTING]=prerouting [INPUT]=input [FORWARD]=forward [OUTPUT]=output [POSTROUTING]=postrouting)
  for line in "${LINES[@]}"; do
    if [[ $line =~ ^\*([a-z]+)$ ]]; then
      table=${BASH_REMATCH[1]}
    elif [[ $line =~ ^:([^ ]+)\ ([A-Z]+|-) ]]; then
      key="$1 ip $table ${BASH_REMATCH[1]}"
      [[ ${BASH_REMATCH[2]} == - ]] && continue
      add_chain "$key" "${hooks[${BASH_REMATCH[1]}]-}" accept ''
      [[ ${BASH_REMATCH[2]} != DROP ]] || CHAIN_POLICY[$key]=drop
    elif [[ $line =~ ^-A\ ([^ ]+)\ (.*)$ ]]; then
      [[ $line != *'-j CT '* && $line != *'-j NOTRACK'* ]] || IS_TRACKED=''
      CHAIN_RULES["$1 ip $table ${BASH_REMATCH[1]}"]+=${BASH_REMATCH[2]}$'\n'
    fi
  done
}

address_number() { # address; sets NUMBER
  local IFS=.
  # shellcheck disable=SC2206 # to be split at the dots
  local -a octets=($1)
  NUMBER=$((octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]))
}

# Whether an address is in `10.0.1.11`, `10.0.1.0/24`, `10.0.1.10-10.0.1.20`; fails with 2 where that cannot be told.
is_address_in() { # address range
  local number low prefix quad='[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+'
  [[ $2 =~ ^($quad)(/([0-9]+)|-($quad))?$ ]] || return 2
  prefix=${BASH_REMATCH[3]:-32}
  set -- "$1" "${BASH_REMATCH[1]}" "${BASH_REMATCH[4]}"
  address_number "$1"
  number=$NUMBER
  address_number "$2"
  low=$NUMBER
  if [[ -n $3 ]]; then
    address_number "$3"
    ((number >= low && number <= NUMBER))
  else
    (((number ^ low) >> (32 - prefix) == 0))
  fi
}

is_device_in() { # device pattern
  [[ $2 != '@'* ]] || return 2
  [[ -n $1 && ($1 == "$2" || ($2 == *[*+] && $1 == "${2%[*+]}"*)) ]]
}

# Takes a condition's values from the words of the rule: one, or those in braces. Fails where they are not plain values.
take_values() { # sets VALUES and NEGATED
  VALUES=()
  if [[ ${words[at]-} == '!=' ]]; then NEGATED=1 && ((++at)); fi
  [[ ${words[at]-} != vmap && ${words[at]-} != . ]] || return
  if [[ ${words[at]-} != '{' ]]; then
    VALUES=("${words[at++]-}")
  else
    while ((++at < ${#words[@]})) && [[ ${words[at]} != '}' ]]; do VALUES+=("${words[at]}"); done
    ((++at))
  fi
  [[ " ${VALUES[*]} " != *' . '* ]]
}

# Lowers FIT by a condition: 0 the rule does not fit the packet, 1 that cannot be told, 2 it does.
compare() { # is_address_in|is_device_in value
  local one result=1 code
  take_values || result=2
  for one in "${VALUES[@]}"; do
    ((result == 1)) || break
    "$1" "$2" "$one"
    code=$?
    result=$code
  done
  if ((result == 2)); then
    perhaps
  elif ((result == (${NEGATED:-0} == 0))); then
    FIT=0
  fi
}

# Lowers FIT by states of connection tracking. A reply is of an established connection where all is tracked.
read_state() { # of read_rule
  [[ ${words[at]-} != '!=' ]] || NEGATED=1
  rest=' '
  while ((at < ${#words[@]})); do
    word=${words[at],,}
    [[ $word =~ ^(new|established|related|invalid|untracked|dnat|snat|\{|\}|!=)$ ]] || break
    rest+="$word "
    ((++at))
  done
  if [[ -n $NEGATED ]]; then
    perhaps
  elif [[ -z $PACKET_OPENS && $rest == *' established '* ]]; then
    [[ -n $IS_TRACKED ]] || perhaps
  elif [[ -n $PACKET_OPENS && $rest == *' new '* ]]; then
    [[ -n $IS_TRACKED ]] || perhaps
  elif [[ $rest == *' invalid '* ]]; then
    WEAK=1
    perhaps
  elif [[ -n $IS_TRACKED && $rest != *' untracked '* ]]; then
    FIT=0
  else
    perhaps
  fi
}

# A map from values to verdicts: that of the connection's state can be told, of others all are taken in.
read_map() { # rule
  local state=established word IFS=' '
  [[ -z $PACKET_OPENS ]] || state=new
  FIT=1
  if [[ $1 =~ ct\ state\ vmap\ .*[{\ ]$state\ :\ ([a-z]+)\ *([A-Za-z0-9_.-]*) ]]; then
    VERDICT=${BASH_REMATCH[1]}
    [[ -z $IS_TRACKED ]] || FIT=2
    [[ $VERDICT != jump && $VERDICT != goto ]] || TARGETS=("${BASH_REMATCH[2]}")
  elif [[ $1 != *'ct state vmap'* ]]; then
    [[ $1 != *': drop'* ]] || VERDICT=drop
    for word in $1; do
      [[ $VERDICT != @(jump|goto) || $state != next ]] || TARGETS+=("$word")
      state=''
      [[ $word != jump && $word != goto ]] || VERDICT=$word state=next
    done
  fi
}

perhaps() { ((FIT == 0)) || FIT=1; }

# What one rule is for. Sets FIT, VERDICT (accept, drop, reject, return, jump, goto, or nothing), TARGETS, REJECTING (what
# a reject answers), and WEAK where it is for packets that a looped connection has none of: those that connection
# tracking cannot place, and those whose sender has no way back.
read_rule() { # rule
  local word rest at=0 text=$1 IFS=' ' NEGATED
  local -a words VALUES
  FIT=2 VERDICT='' TARGETS=() WEAK='' REJECTING=''
  [[ ! $text =~ ^(.*)\ comment\ \"[^\"]*\"$ ]] || text=${BASH_REMATCH[1]}
  [[ ! $text =~ ^(.*)\ --comment\ (\"[^\"]*\"|[^\ ]+)(.*)$ ]] || text=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
  [[ ! $text =~ ^(.*)\ (log\ |--log-|--nflog-)prefix\ (\"[^\"]*\"|[^\ ]+)(.*)$ ]] || text=${BASH_REMATCH[1]}${BASH_REMATCH[4]}
  text=${text//[\",]/ }
  if [[ $text == *' vmap '* ]]; then
    read_map "$text"
    return
  fi
  text=${text//\{/ \{ }
  words=(${text//\}/ \} })
  while ((at < ${#words[@]})); do
    word=${words[at++]} NEGATED=''
    [[ $word == '!' ]] && NEGATED=1 && word=${words[at++]-}
    rest=" ${words[*]:at} "
    case $word in
      iifname | iif | -i) compare is_device_in "$PACKET_IN" ;;
      oifname | oif | -o) compare is_device_in "$PACKET_OUT" ;;
      saddr | -s) compare is_address_in "$PACKET_FROM" ;;
      daddr | -d) compare is_address_in "$PACKET_TO" ;;
      ip6 | icmp | icmpv6 | igmp | udp | sctp | dccp | esp | ah | arp | vlan) FIT=0 ;;
      nfproto) [[ $rest == ' ipv4 '* ]] || FIT=0 && ((++at)) ;;
      l4proto | protocol | -p)
        take_values
        [[ " ${VALUES[*]} " == *' tcp '* || " ${VALUES[*]} " == *' all '* || -n $NEGATED ]] || FIT=0
        ;;
      state | --ctstate | --state)
        read_state
        ;;
      fib | *rpfilter*)
        WEAK=1
        perhaps
        while [[ ${words[at]-} =~ ^(saddr|daddr|mark|iif|oif|oifname|type|missing|exists|\.|!=)$ ]]; do ((++at)); done
        ;;
      accept | ACCEPT) VERDICT=accept ;;
      drop | DROP | queue | QUEUE | NFQUEUE) VERDICT=drop ;;
      return | RETURN) VERDICT='return' ;;
      reject | REJECT)
        VERDICT=reject REJECTING=$rest
        break
        ;;
      jump | goto | -j | -g)
        rest=${words[at]-}
        [[ $word == -j && $rest =~ ^[A-Z]+$ ]] && [[ -z ${CHAIN_RULES["${WALKED% *} $rest"]+there} ]] && continue
        VERDICT=${word/-j/jump}
        VERDICT=${VERDICT/-g/goto}
        TARGETS+=("$rest")
        ((++at))
        ;;
      packets | bytes | -m) ((++at)) ;;
      ip | tcp | meta | ct | counter | '{' | '}') ;;
      *) perhaps ;;
    esac
  done
}

# Follows the packet through a chain and those it leads to, which sets
# - WALK_DROPS: 3 where a rule ends it for certain, 2 where one may, 1 where one for odd packets may;
# - WALK_REJECTS: what the rules that may reject it answer;
# - WALK_ACCEPTS where a rule may accept it;
# - WALK_ZONE: the chain of a zone of firewalld that it comes to, WALK_OWNER: the chain of the rule that ends it.
# - WALK_IS_CUT when the time was up.
# Fails when the packet comes out at the end.
walk() { # key depth
  local rule fit verdict target IFS=$'\n' WALKED=$1
  local -a rules=(${CHAIN_RULES[$1]-}) targets
  (($2 < 16)) || return
  for rule in "${rules[@]}"; do
    if ((SECONDS >= READ_UNTIL)); then
      WALK_IS_CUT=1
      return 0
    fi
    # What most rules of a large set are: for one address of somebody else's.
    [[ ! $rule =~ (daddr|-d)\ ([0-9.]+)(/32)?\  || ${BASH_REMATCH[2]} == "$PACKET_TO" ]] || continue
    read_rule "$rule"
    ((FIT > 0)) || continue
    fit=$FIT verdict=$VERDICT targets=("${TARGETS[@]}")
    case $verdict in
      drop | reject)
        may_end
        [[ $verdict != reject ]] || WALK_REJECTS+="$REJECTING|"
        ((fit < 2)) || return 0
        ;;
      accept)
        ((fit < 2)) || return 0
        WALK_ACCEPTS=1
        ;;
      return) ((fit < 2)) || return 1 ;;
      jump | goto)
        for target in "${targets[@]}"; do
          [[ $target != ?(filter_)IN_* || $fit != 2 || -n $WALK_ZONE ]] || WALK_ZONE=$target
          if walk "${1% *} $target" $(($2 + 1)); then
            ((fit < 2)) || return 0
          elif ((fit == 2)) && [[ $verdict == goto ]]; then
            return 1
          fi
        done
        ;;
    esac
  done
  return 1
}

may_end() { # of walk
  local how=2
  if [[ -n $WEAK ]]; then how=1; elif [[ $FIT == 2 && -z $WALK_ACCEPTS ]]; then how=3; fi
  ((how > WALK_DROPS)) || return 0
  WALK_DROPS=$how WALK_OWNER=${WALKED##* }
}

# Follows the packet through a base chain. Sets what walk sets.
walk_base() { # key
  local WALKED=$1
  WALK_DROPS=0 WALK_REJECTS='' WALK_ACCEPTS='' WALK_ZONE='' WALK_OWNER='' WALK_IS_CUT=''
  walk "$1" 0 && return
  FIT=2 WEAK=''
  [[ ${CHAIN_POLICY[$1]} != drop ]] || may_end
}
