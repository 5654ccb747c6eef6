#!/bin/sh
# Starts fake-act.mjs by the real node: the first one in the PATH is that of the steps (runner/step.sh), which hands no
# signal to what it starts.
PATH=${PATH#*:} exec node "${0%/*}/fake-act.mjs" "$@"
