# shellcheck shell=bash
# ilb-hairpin-guard: names that somebody gave to numbers of tables and protocols. `ip -N` shows the numbers, from
# iproute2 5.3 on; what an older one shows is turned back into numbers by the files that it has the names from.

readonly NAME_FOLDERS=(/usr/share/iproute2 /usr/lib/iproute2 /etc/iproute2)
declare -A TABLE_NUMBER=() PROTOCOL_NUMBER=() # name -> number; empty where ip shows numbers

# Reads the names, each time anew: the service may run when somebody gives one.
read_names() {
  local folder
  TABLE_NUMBER=() PROTOCOL_NUMBER=()
  [[ -z $NUMERIC ]] || return 0
  for folder in "${NAME_FOLDERS[@]}"; do
    read_name_file TABLE_NUMBER "$folder/rt_tables"
    read_name_file PROTOCOL_NUMBER "$folder/rt_protos"
  done
}

# shellcheck disable=SC2034 # numbers is the list that is named
# Lines are `7201 hairpin`, or with the number in hex, and # begins a comment. What is in FILE.d/*.conf counts too.
read_name_file() { # name of the list, file
  local -n numbers=$1
  local file number name
  for file in "$2" $(set +f && printf '%s\n' "$2".d/*.conf); do
    [[ -f $file && -r $file ]] || continue
    while read -r number name _; do
      [[ $number =~ ^(0x[0-9a-fA-F]{1,8}|[0-9]{1,10})$ && -n $name ]] || continue
      [[ $number == 0x* ]] || number=10#$number
      numbers["$name"]=$((number))
    done <"$file"
  done
}
