#!/usr/bin/env bash
# Every program has --help, and refuses an unknown option with one line and a non-zero exit status.
set -u
mkdir -p "$GLIMPSE_SCRATCH" && cd "$GLIMPSE_SCRATCH" || exit 1
bad=0
complain() { echo "FAIL $*"; bad=1; }

for source in "$GLIMPSE_ROOT"/examples/*.cpp; do
  name=$(basename "$source" .cpp)
  program=$GLIMPSE_BIN/$name

  "$program" --help >out 2>err || complain "$name --help returns $?"
  [ -s out ] || complain "$name --help prints nothing"
  [ -s err ] && complain "$name --help writes to stderr: $(head -n 1 err)"

  timeout 60 "$program" --no-such-option >out 2>err
  status=$?
  [ $status -ne 0 ] && [ $status -ne 124 ] && [ $status -lt 128 ] ||
    complain "$name --no-such-option returns $status"
  [ "$(wc -l <err)" -eq 1 ] || complain "$name --no-such-option wants one line on stderr: $(cat err)"
  grep -q -- no-such-option err || complain "$name does not name the option: $(cat err)"
done
exit $bad
