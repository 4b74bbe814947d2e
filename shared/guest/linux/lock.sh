# shellcheck shell=bash
# ilb-hairpin-guard: one run at a time.

# The start time of a process tells it from a later one with the same id.
birth_of() { # process id
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # to be split; the name in parentheses, which may hold anything, is cut off
  set -- ${stat##*) }
  printf '%s' "${20-}"
}

LOCK=$RUN_FOLDER/lock
LOCKED=

# One run at a time. The lock is a symbolic link to `<process id>.<its start time>`: made with its content in one step.
lock() { # seconds to wait
  local me holder until=$((SECONDS + $1))
  mkdir -p "$RUN_FOLDER" 2>/dev/null || fail ACCESS_DENIED "$RUN_FOLDER"
  me=$$.$(birth_of $$)
  while ! ln -s -T "$me" "$LOCK" 2>/dev/null; do
    holder=$(readlink "$LOCK")
    if [[ -n $holder && $(birth_of "${holder%%.*}") != "${holder#*.}" ]]; then
      # Its process is gone. Whoever moves the link away clears it; a link that turned out to be new is given back.
      if mv -T "$LOCK" "$LOCK.$$" 2>/dev/null; then
        [[ $(readlink "$LOCK.$$") == "$holder" ]] || ln -s -T "$(readlink "$LOCK.$$")" "$LOCK" 2>/dev/null
        rm -f "$LOCK.$$"
      fi
      continue
    fi
    [[ -n $holder || -w $RUN_FOLDER ]] || fail ACCESS_DENIED "$RUN_FOLDER"
    ((SECONDS < until)) || return 1
    sleep 0.2
  done
  LOCKED=1
  (set +f && rm -f "$LOCK".*) # of runs that were killed while they took a lock over
}

unlock() {
  [[ -n $LOCKED ]] && rm -f "$LOCK"
  LOCKED=
}

clean_up() {
  stop_connects
  [[ -n $WORK ]] && rm -rf "$WORK"
  unlock
}
