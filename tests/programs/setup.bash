# setup: what the program tests share. A script sources it first:
#
#   . "$(dirname "$0")/setup.bash"
#
# It starts in an empty folder, with the programs in PATH. `weights` and `images` are those of the project.
# A script ends with `exit $bad`.
rm -rf "$GLIMPSE_SCRATCH"
mkdir -p "$GLIMPSE_SCRATCH" && cd "$GLIMPSE_SCRATCH" || exit 1
PATH=$GLIMPSE_BIN:$PATH
weights=$GLIMPSE_ROOT/examples/weights/compact.safetensors
images=("$GLIMPSE_ROOT"/examples/images/*.png)
bad=0

complain() {  # reports on stderr, because standard output may be closed
  echo "FAIL $*" >&2
  bad=1
}
fail() {
  complain "$@"
  exit 1
}
refuses() {  # refuses WORD COMMAND...: one line on stderr that names WORD, a status that is neither 0 nor a signal
  local word=$1 status
  shift
  timeout 120 "$@" >out 2>err
  status=$?
  [ $status -ne 0 ] && [ $status -lt 124 ] && [ "$(wc -l <err)" -eq 1 ] && grep -qF -- "$word" err ||
    complain "status $status, expected one line that names '$word': $*: $(cat err)"
}
