# shellcheck shell=bash
# ilb-hairpin-guard: what is in place: interfaces, rules, routes, and where the kernel would send.
# Long: one look at the machine over shared arrays.

# Runs a command and sets LINES to what it printed, also when it fails. Fails as the command does.
lines_of() { # command
  local text code IFS=$'\n'
  text=$("$@")
  code=$?
  LINES=($text)
  return $code
}

declare -A LINKS_OF=()    # MAC -> names of the interfaces that have it
declare -A PREFIX_OF=()   # "interface address" -> prefix length
declare -A LOCAL_OF=()    # address -> interface
declare -A MASTER_OF=()   # slave -> its master

# Reads interfaces and addresses. A slave is skipped: the accelerated-networking VF has the MAC of its master. One that
# is down carries nothing: the kernel takes no route through it.
read_nics() {
  local -a words
  local line name index key prefix
  local -A is_up=()
  LINKS_OF=() PREFIX_OF=() LOCAL_OF=() MASTER_OF=() ON_LINK=()
  lines_of ip -o link show || return
  for line in "${LINES[@]}"; do
    words=($line)
    name=${words[1]%:}
    [[ ${words[2]} != *[\<,]UP[,\>]* ]] || is_up[${name%%@*}]=1
    for ((index = 2; index < ${#words[@]} - 1; index++)); do
      case ${words[index]} in
        master)
          MASTER_OF[${name%%@*}]=${words[index + 1]}
          break
          ;;
        link/*) # what follows the MAC may be an alias of any text
          LINKS_OF[${words[index + 1]}]+=" ${name%%@*}"
          break
          ;;
      esac
    done
  done
  lines_of ip -4 -o addr show || return
  for line in "${LINES[@]}"; do
    words=($line)
    [[ ${words[2]-} == inet ]] || continue
    name=${words[3]%/*}
    [[ ${words[3]} == */* ]] || words[3]+=/32
    LOCAL_OF[$name]=${words[1]%%@*}
    [[ -n ${is_up[${words[1]%%@*}]-} ]] || continue
    # The address may be there a second time, as a /32: the subnet is what counts.
    key="${words[1]%%@*} $name" prefix=${words[3]#*/}
    ((${PREFIX_OF[$key]-33} < prefix)) || PREFIX_OF[$key]=$prefix
  done
}

declare -A ON_LINK=()     # "interface gateway" -> 1 where the gateway is said to be on the link, in no subnet there

# Finds the interface that has a MAC and carries an address, and the gateway there.
find_nic() { # address MAC; sets FOUND_DEV and FOUND_GATEWAY, or FOUND_ERROR
  local name IFS=' '
  local -a carrying=()
  FOUND_DEV='' FOUND_GATEWAY='' FOUND_ERROR=''
  for name in ${LINKS_OF[$2]-}; do
    [[ -n ${PREFIX_OF["$name $1"]-} ]] && carrying+=("$name")
  done
  case ${#carrying[@]} in
    1) ;;
    0) FOUND_ERROR=ADDRESS_NOT_ON_NIC ;;
    *) FOUND_ERROR=NIC_AMBIGUOUS ;;
  esac
  [[ -n ${LINKS_OF[$2]-} ]] || FOUND_ERROR=NIC_NOT_FOUND
  [[ -z $FOUND_ERROR ]] || return 1
  FOUND_DEV=${carrying[0]}
  find_gateway "$1" && return
  FOUND_DEV='' FOUND_GATEWAY='' FOUND_ERROR=NO_GATEWAY
  return 1
}

# The gateway of an address. Azure's is the first host of the subnet. Where the address has none of its own (/31 or /32),
# it is in that of another address of the interface, or its routes tell.
find_gateway() { # address; sets FOUND_GATEWAY; fails where nothing tells
  local key prefix=${PREFIX_OF["$FOUND_DEV $1"]}
  if ((prefix > 30)); then
    prefix=0
    for key in "${!PREFIX_OF[@]}"; do
      [[ ${key% *} == "$FOUND_DEV" ]] || continue
      ((PREFIX_OF["$key"] <= 30 && PREFIX_OF["$key"] > prefix)) || continue
      ! is_address_in "$1" "${key#* }/${PREFIX_OF[$key]}" || prefix=${PREFIX_OF[$key]}
    done
  fi
  if ((prefix > 0)); then first_host "$1" "$prefix"; else find_next_hop "$1"; fi
}

first_host() { # address prefix; sets FOUND_GATEWAY
  local number
  address_number "$1"
  number=$((NUMBER & (0xffffffff << (32 - $2)) | 1))
  FOUND_GATEWAY=$((number >> 24 & 255)).$((number >> 16 & 255)).$((number >> 8 & 255)).$((number & 255))
}

# By the routes of the interface: where its default route leads, or any other, or else a subnet that has the address in
# it. Ours are left out.
find_next_hop() { # address; sets FOUND_GATEWAY and ON_LINK; fails where there is none
  local line index table hop on_link rank best=0
  local -a words
  lines_of ip $NUMERIC -4 -o route show table all dev "$FOUND_DEV" || return
  for line in "${LINES[@]}"; do
    words=($line)
    [[ ${words[0]} == default || ${words[0]} == *.* ]] || continue # broadcast, local, ...
    table=main hop='' on_link=''
    for ((index = 1; index < ${#words[@]}; index++)); do
      case ${words[index]} in
        via) hop=${words[++index]} ;;
        table) table=${TABLE_NUMBER[${words[++index]}]-${words[index]}} ;;
        onlink) on_link=1 ;;
      esac
    done
    ! is_our_table "$table" || continue
    if [[ -z $hop ]]; then
      [[ ${words[0]} =~ /([0-9]|[12][0-9]|30)$ ]] || continue
      is_address_in "$1" "${words[0]}" || continue
      rank=1
    elif [[ ${words[0]} == default ]]; then
      rank=3
    else
      rank=2
    fi
    ((rank > best)) || continue
    best=$rank FOUND_GATEWAY=$hop
    [[ -n $hop ]] || first_host "${words[0]%/*}" "${words[0]#*/}"
    [[ -z $on_link ]] || ON_LINK["$FOUND_DEV $hop"]=1
  done
  ((best > 0))
}

declare -A OUR_RULES=()   # key -> words that name the rule to ip
OUR_ENDS=()               # preferences of our last rule; two of them while the rules are moved
LOCALS=()                 # rules that lead to the local table: "preference plain|except protocol from to iif", in their order
LOCAL_PREF=0              # the preference of the first of them
LOCAL_IS_SPARE=           # one at preference 1 with the kernel's protocol: left by an interrupted run of an earlier version
declare -A HELD_BY=()     # preference -> somebody's rule that forbids to make the one for the local table there anew
FOREIGN_PREFS=()          # preferences of other rules behind the first of them
declare -A TABLES_USED=() # tables to which a rule leads
HAS_VRFS=                 # a rule leads to the table of whatever VRF it is
FOREIGN_PORTS=            # somebody else's rules are limited to a protocol or to ports

# Reads the rules. The key of a rule is "pref from to iif table", and whatever else it says.
read_rules() {
  local -a words
  local line index pref from to iif table protocol rest key held=-
  OUR_RULES=() OUR_ENDS=() LOCALS=() LOCAL_PREF=0 LOCAL_IS_SPARE='' HELD_BY=() FOREIGN_PREFS=() FOREIGN_PORTS=''
  TABLES_USED=() HAS_VRFS=''
  read_names
  lines_of ip $NUMERIC -4 -d rule show || return
  for line in "${LINES[@]}"; do
    words=(${line/\[unresolved\]/})
    pref=${words[0]%:} from=all to=- iif=- table=- protocol=- rest=''
    for ((index = 1; index < ${#words[@]}; index++)); do
      case ${words[index]} in
        from) from=${words[++index]} ;;
        to) to=${words[++index]} ;;
        iif) iif=${words[++index]} ;;
        lookup | table) table=${TABLE_NUMBER[${words[++index]}]-${words[index]}} ;;
        proto | protocol) protocol=${PROTOCOL_NUMBER[${words[++index]}]-${words[index]}} ;;
        *) rest+=" ${words[index]}" ;;
      esac
    done
    [[ $table != 255 ]] || table=local
    TABLES_USED[$table]=1
    [[ $table != '[l3mdev-table]' ]] || HAS_VRFS=1
    key="$pref $from $to $iif $table$rest"
    [[ $rest != *' ipproto '* && $rest != *port\ * ]] || FOREIGN_PORTS=1
    if [[ $protocol == "$PROTOCOL" && $table != local ]] && is_our_rule; then
      OUR_RULES[$key]="pref $pref ${words[*]:1}"
    elif [[ $protocol == "$PROTOCOL" && $iif == @(lo|-) && $key == "$pref all $to $iif local" ]]; then
      OUR_RULES[$key]="pref $pref ${words[*]:1}"
      OUR_ENDS+=("$pref")
    elif [[ $key == '1 all - - local' && $protocol == @(2|kernel) ]]; then
      LOCAL_IS_SPARE=1
    elif [[ $key == "$pref all - - local" ]]; then
      LOCALS+=("$pref plain $protocol all -") held=$pref
    elif [[ $key == "$pref $from $to $iif local not" ]] && is_local_but_replies; then
      LOCALS+=("$pref except $protocol $from $to $iif") held=$pref
    else
      ((${#LOCALS[@]} == 0)) || FOREIGN_PREFS+=("$pref")
      # Behind one for the local table, or for that table under a condition, which `ip rule del lookup local` might take.
      [[ $pref != "$held" && ($table != local || $protocol != @(2|kernel)) ]] || HELD_BY[$pref]=${words[*]:1}
    fi
  done
  ((${#LOCALS[@]} == 0)) || LOCAL_PREF=${LOCALS[0]%% *}
}

# Whether a rule for the local table with an exception is one that we make: for what this machine sends, or for containers.
# Of these somebody could have one like it, but not in place of the kernel's.
is_local_but_replies() { # of read_rules
  [[ $iif == lo || ($iif == - && $from != all && ($from == "$CONTAINERS" || $protocol == @(2|kernel) || ${#LOCALS[@]} == 0)) ]]
}

# What carries our protocol and leads into our tables, or from one of our rules over to another.
is_our_rule() { is_our_table "$table" || [[ $key == "$pref $from $to "@(lo|-)' - not goto '* ]]; } # of read_rules

is_our_table() { [[ $1 =~ ^72[0-9][0-9]$ ]] && (($1 >= VIP_TABLE && $1 <= LAST_TABLE)); }

declare -A OUR_ROUTES=()  # key -> words that name the route to ip
readonly ROUTE_TYPES=(unspec unicast local broadcast anycast multicast blackhole unreachable prohibit throw)
declare -A ROUTED_BY_US=() # "table destination" -> the same

# Reads our routes. The key of a route is "table destination gateway interface source", and whatever else it says.
read_routes() {
  local -a words
  local line index table gateway dev source rest key name
  OUR_ROUTES=() ROUTED_BY_US=()
  lines_of ip $NUMERIC -4 -o route show table all proto "$PROTOCOL" || return
  for line in "${LINES[@]}"; do
    words=($line)
    # `ip -N` says the type as a number, and would not take it as one.
    [[ ! ${words[0]} =~ ^[0-9]$ ]] || words[0]=${ROUTE_TYPES[words[0]]}
    table=main gateway=- dev=- source=- rest=''
    for ((index = 1; index < ${#words[@]}; index++)); do
      case ${words[index]} in
        via) gateway=${words[++index]} ;;
        dev) dev=${words[++index]} ;;
        table) table=${TABLE_NUMBER[${words[++index]}]-${words[index]}} ;;
        src) source=${words[++index]} ;;
        proto) ((index++)) ;;
        dead | linkdown | onlink) ;; # how the interface and its gateway are, not how the route is
        *) rest+=" ${words[index]}" ;;
      esac
    done
    is_our_table "$table" || continue
    key="$table ${words[0]} $gateway $dev $source$rest"
    name=" ${words[*]} proto $PROTOCOL"
    name=${name// linkdown / }
    OUR_ROUTES[$key]=${name// dead / }
    ROUTED_BY_US["$table ${words[0]}"]=${OUR_ROUTES[$key]}
  done
}

declare -A ROUTED=()      # "destination source-or--" -> "interface gateway source" as the kernel would send

# Asks the kernel where it would send to each VIP, unbound and from the via address, and the replies. A rule that is
# limited to a protocol or to ports matches no question but one that names them, which iproute2 and kernel 4.18 can.
read_routed() {
  local -a words asked=()
  local line index ends destination from gateway dev source port names_ports=$FOREIGN_PORTS
  ROUTED=()
  [[ -z $names_ports ]] || ip -4 route get 127.0.0.1 ipproto 6 dport 1 >/dev/null 2>&1 || names_ports=
  for index in "${!VIP[@]}"; do
    port=
    [[ -z $names_ports || ${PORT[index]} == 0 ]] || port=" ipproto 6 dport ${PORT[index]}"
    asked+=("route get ${VIP[index]}$port" "route get ${VIP[index]} from ${VIA_IP[index]}$port")
  done
  find_replier
  for ends in "${PAIRS[@]}"; do
    from=${REPLIER-${ends% *}}
    [[ -z $from ]] || asked+=("route get ${ends#* } from $from")
  done
  # Where there is no way ip says so and goes on; the answers carry what was asked.
  lines_of ask_routes
  for line in "${LINES[@]}"; do
    words=($line)
    destination=${words[0]} from=- gateway=- dev=- source=-
    [[ $destination == [0-9]* ]] || destination=${words[1]-} # `local 10.0.0.1 dev lo ...`
    for ((index = 1; index < ${#words[@]}; index++)); do
      case ${words[index]} in
        from) from=${words[++index]} ;;
        via) gateway=${words[++index]} ;;
        dev) dev=${words[++index]} ;;
        src) source=${words[++index]} ;;
        \\*) break ;;
      esac
    done
    ROUTED["$destination $from"]="$dev $gateway $source"
  done
}

# For whom the way of a reply is asked: the backend address, or where containers reply, the address that this machine has
# in their network; while there is none (their bridge is not up) it cannot be asked.
find_replier() { # sets REPLIER, or unsets it where the backend address replies
  local key
  unset REPLIER
  [[ -n $CONTAINERS ]] || return 0
  REPLIER=
  for key in "${!PREFIX_OF[@]}"; do # of interfaces that are up
    ! is_address_in "${key#* }" "$CONTAINERS" || REPLIER=${key#* }
  done
}

ask_routes() {
  printf '%s\n' "${asked[@]}" | ip -4 -o -force -batch - 2>/dev/null
  return 0
}
