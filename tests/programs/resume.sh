#!/usr/bin/env bash
# A training run that is killed (no signal handler runs) and resumed gives bit-identical weights to an uninterrupted run.
set -eu
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"
synthesize_words --out drawn --count 4 --sheet 0 >/dev/null

common=(--steps 14 --batch 4 --valid drawn --save-every 0)
train_words "${common[@]}" --out whole >/dev/null 2>&1
train_words "${common[@]}" --out broken --threads 1 >log 2>&1 &
trainer=$!
for _ in $(seq 600); do  # until some checkpoint is there, then without warning
  [ -f broken/last.safetensors ] && break
  sleep 0.05
done
kill -9 $trainer 2>/dev/null || true
wait $trainer 2>/dev/null || true
[ -f broken/last.safetensors ] || { echo "FAIL no checkpoint after 30 s"; cat log; exit 1; }
echo "killed; what is left: $(ls broken | tr '\n' ' ')"
train_words "${common[@]}" --out broken --resume --loader-threads 2 >>log 2>&1 || { echo "FAIL does not resume"; tail -3 log; exit 1; }
cmp whole/best.safetensors broken/best.safetensors
echo "same weights"
