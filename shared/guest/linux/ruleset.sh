# shellcheck shell=bash
# ilb-hairpin-guard: a firewall's rules, and where they would lead one packet.

declare -A CHAIN_RULES=()  # "tool family table chain" -> its rules, one a line
declare -A CHAIN_HOOK=()   # the same, of base chains -> hook
declare -A CHAIN_POLICY=() # the same -> policy
declare -A CHAIN_DEVICE=() # the same, where it is one device's -> device
BASE_CHAINS=()             # keys of the base chains
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

# Follows the packet through a chain and those it leads to, which sets
# - WALK_DROPS: 3 where a rule ends it for certain, 2 where one may, 1 where one for odd packets may;
# - WALK_REJECTS: what the rules that may reject it answer;
# - WALK_ACCEPTS where a rule may accept it;
# - WALK_ZONE: the chain of a zone of firewalld that it comes to, WALK_OWNER: the chain of the rule that ends it.
# - WALK_DNAT: the destination that a rule may give it;
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
      dnat)
        WALK_DNAT=${WALK_DNAT:-$TRANSLATED}
        ((fit < 2)) || return 0
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
  WALK_DROPS=0 WALK_REJECTS='' WALK_ACCEPTS='' WALK_ZONE='' WALK_OWNER='' WALK_DNAT='' WALK_IS_CUT=''
  walk "$1" 0 && return
  FIT=2 WEAK=''
  [[ ${CHAIN_POLICY[$1]} != drop ]] || may_end
}
