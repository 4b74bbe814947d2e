#!/bin/bash
# --- plan ---
COMMAND_ID=
MODE=
# --- end of plan ---
exit 1
