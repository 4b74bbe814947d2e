# shellcheck shell=bash
# ilb-hairpin-guard: what came out, and the report.

CHANGED=0          # how many things were changed
ERROR_CODE=        # the first error's code and detail
ERROR_DETAIL=
WARNINGS=()
DRIFT_BEFORE=()    # letters by path, see shared/guest/wire.ts
DRIFT_AFTER=()
CONNECT_BEFORE=()  # outcome letter and milliseconds by path
CONNECT_AFTER=()
PROOF=()
SOURCE=()
HEALS=             # the service is there and keeps the state
REPORTED=

# A line for a person, kept apart from the report.
note() { printf '%s\n' "$*" >&2; }

# The first error is the one that is reported; what follows is mostly its consequence.
set_error() { # code detail
  note "error: $1 $2"
  [[ -n $ERROR_CODE ]] && return
  ERROR_CODE=$1
  ERROR_DETAIL=${2//[^A-Za-z0-9._:\/ -]/_}
  ERROR_DETAIL=${ERROR_DETAIL:0:120}
}

# Ends the run with a report.
fail() { # code detail
  set_error "$1" "${2-}"
  finish
}

add_warning() { # code, and what the sentence names
  local known warning=$1${2:+ ${2//[^A-Za-z0-9._:\/ -]/_}}
  for known in "${WARNINGS[@]}"; do [[ $known == "$warning" ]] && return; done
  WARNINGS+=("${warning:0:120}")
}

# The report's text. A source that is the via address is left out, one that is the backend address shortened.
report_line() {
  local entries='' warnings='' firewalls='' error='' index source after connect
  for index in "${!DRIFT_BEFORE[@]}"; do
    source=${SOURCE[index]:--}
    case $source in
      "${VIA_IP[index]}") source= ;;
      "${BACKEND_IP[index]%%,*}") source=b ;;
    esac
    [[ ${1-} == short ]] && source=-
    after=${DRIFT_AFTER[index]-=}
    [[ $after == "${DRIFT_BEFORE[index]}" && -n $after ]] && after='='
    connect=${CONNECT_AFTER[index]-=}
    entries+="${entries:+,}\"$index;${DRIFT_BEFORE[index]};$after;${CONNECT_BEFORE[index]-n};$connect;${PROOF[index]-n};$source\""
  done
  for index in "${!WARNINGS[@]}"; do warnings+="${warnings:+,}\"${WARNINGS[index]}\""; done
  [[ -n $ERROR_CODE ]] && error=",\"e\":\"$ERROR_CODE\",\"d\":\"$ERROR_DETAIL\""
  for index in "${!FIREWALLS[@]}"; do firewalls+="${firewalls:+,}\"${FIREWALLS[index]}\""; done
  printf 'ILB-HAIRPIN-GUARD %s {"v":1,"os":"linux","mode":"%s","chg":%d,"p":[%s],"w":[%s]%s%s%s}\n' \
    "$COMMAND_ID" "$MODE" "$CHANGED" "$entries" "$warnings" "${firewalls:+,\"fw\":[$firewalls]}" "${HEALS:+,\"k\":1}" "$error"
}

# Ends the run. A command prints its report, once: Azure keeps 4,096 bytes of stdout, so what is said of firewalls goes
# first, then source addresses, and no path.
finish() {
  [[ -n $WATCHING ]] || print_report
  # systemd starts the service anew at once, so that one that was killed is not missed: one that cannot work waits here.
  [[ -z $WATCHING || -n $STOPPED || -z $ERROR_CODE ]] || sleep 2
  [[ -z $ERROR_CODE ]]
  exit
}

print_report() {
  local line
  [[ -z $REPORTED ]] || return 0
  REPORTED=1
  line=$(report_line)
  while ((${#line} >= REPORT_BYTES && ${#FIREWALLS[@]} > 0)); do
    unset 'FIREWALLS[-1]'
    add_warning firewalls-cut
    line=$(report_line)
  done
  ((${#line} < REPORT_BYTES)) || line=$(report_line short)
  printf '\n%s\n' "$line"
}
