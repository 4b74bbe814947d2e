# shellcheck shell=bash
# ilb-hairpin-guard: who may change things.

# The start time of a process tells it from a later one with the same id.
birth_of() { # process id
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # to be split; the name in parentheses, which may hold anything, is cut off
  set -- ${stat##*) }
  printf '%s' "${20-}"
}

LOCKED=()  # links of the locks that this run holds

# Takes a lock: `run`, so that there is one command at a time, or `state`, so that a command and the service do not
# change things at once. A lock is a symbolic link to `<process id>.<its start time>`: made with its content in one step.
lock() { # run|state seconds to wait
  local link=$RUN_FOLDER/$1 me holder until=$((SECONDS + $2)) free=0
  mkdir -p "$RUN_FOLDER" 2>/dev/null || fail ACCESS_DENIED "$RUN_FOLDER"
  me=$$.$(birth_of $$)
  while ! ln -s -T "$me" "$link" 2>/dev/null; do
    holder=$(readlink "$link")
    if [[ -n $holder && $(birth_of "${holder%%.*}") != "${holder#*.}" ]]; then
      # Its process is gone. Whoever moves the link away clears it; a link that turned out to be new is given back.
      if mv -T "$link" "$link.$$" 2>/dev/null; then
        [[ $(readlink "$link.$$") == "$holder" ]] || ln -s -T "$(readlink "$link.$$")" "$link" 2>/dev/null
        rm -f "$link.$$"
      fi
      continue
    fi
    [[ -n $holder || -w $RUN_FOLDER ]] || fail ACCESS_DENIED "$RUN_FOLDER"
    [[ -n $holder ]] || ((++free < 10)) || fail ACCESS_DENIED "$link" # nobody has it, and it cannot be made: no room
    ((SECONDS < until)) || return 1
    sleep 0.1
    stop_if_asked
  done
  LOCKED+=("$link")
  (set +f && rm -f "$link".*) # of runs that were killed while they took a lock over
}

unlock() { # run|state
  local link
  local -a others=()
  for link in "${LOCKED[@]}"; do
    if [[ $link == "$RUN_FOLDER/$1" ]]; then rm -f "$link"; else others+=("$link"); fi
  done
  LOCKED=("${others[@]}")
}

# What every run leaves behind: nothing but its report.
clean_up() {
  if [[ -z $REPORTED$WATCHING ]]; then
    set_error CHANGE_FAILED 'the script ended at a place where it should not'
    print_report
  fi
  stop_connects
  stop_monitor
  [[ -n $WORK ]] && rm -rf "$WORK"
  unlock state
  unlock run
}
