# shellcheck shell=bash
# ilb-hairpin-guard: what one rule of a firewall is for, as far as that can be told from its text.

# The packet that is asked about.
PACKET_IN='' PACKET_OUT='' # its interfaces, one of them empty
PACKET_FROM='' PACKET_TO='' # its addresses
PACKET_OPENS=''            # whether it opens a connection

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

# What one rule is for. Sets FIT, VERDICT (accept, drop, reject, return, jump, goto, dnat, or nothing), TARGETS, REJECTING
# (what a reject answers), TRANSLATED (the new destination), and WEAK where it is for packets that a looped connection has none of: those that connection
# tracking cannot place, and those whose sender has no way back.
read_rule() { # rule
  local word rest at=0 text=$1 IFS=' ' NEGATED
  local -a words VALUES
  FIT=2 VERDICT='' TARGETS=() WEAK='' REJECTING='' TRANSLATED=''
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
      dnat)
        if [[ $rest =~ ^\ (ip\ )?to\ ([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)[:\ ] ]]; then
          VERDICT=dnat TRANSLATED=${BASH_REMATCH[2]}
          break
        fi
        perhaps
        ;;
      jump | goto | -j | -g)
        rest=${words[at]-}
        if [[ $rest == DNAT && $text =~ --to-destination\ ([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)(:|$|\ ) ]]; then
          VERDICT=dnat TRANSLATED=${BASH_REMATCH[1]}
          break
        fi
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
