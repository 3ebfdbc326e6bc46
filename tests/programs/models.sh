#!/usr/bin/env bash
# Trains, reads with and evaluates every model. The programs take the type of the model from the
# weights. Also tests lexicons, including a separate lexicon for each image.
set -eu
. "$(dirname "${BASH_SOURCE[0]}")/setup.bash"
synthesize_words --out drawn --count 6 --sheet 0 >/dev/null
mapfile -t images < <(cut -f 1 drawn/labels.tsv | sed "s/^/drawn\//")

printf 'hotel\nmuseum\nHotel\ncaf\303\251\n!!!\n' >words.txt
cut -f 1 drawn/labels.tsv | sed 's/$/\tcoffee,,library/' >drawn/lexicon.tsv

for model in rare srn crnn; do
  train_words --model $model --steps 4 --batch 4 --valid drawn --out $model >/dev/null 2>&1 ||
    fail "$model does not train"
  # Goes on as what it was.
  train_words --resume --steps 4 --batch 4 --valid drawn --out $model 2>&1 | grep -q "compact $model" ||
    fail "$model does not resume as itself"
  weights=$model/best.safetensors
  grep -aqF "\\\"model\\\":\\\"$model\\\"" $weights || fail "$weights does not say that it holds $model"
  read_words --weights $weights --model $model --visualize panels_$model "${images[@]}" >out 2>err ||
    fail "$model does not read: $(cat err)"
  [ "$(wc -l <out)" -eq 6 ] && [ "$(ls panels_$model | wc -l)" -eq 6 ] || fail "$model: $(cat out)"

  for mode in posterior edit tree; do
    read_words --weights $weights --lexicon words.txt --lexicon-mode $mode "${images[@]}" >out 2>err ||
      fail "$model $mode: $(cat err)"
    [ "$(wc -l <err)" -eq 1 ] && grep -q "1 named more than once" err || fail "$model $mode tells: $(cat err)"
    cut -f 2 out | grep -qvxE 'hotel|museum|caf' && fail "$model $mode reads what is no word: $(cat out)"
    evaluate_words --weights $weights --lexicon-mode $mode --image-lexicons --predictions p.tsv drawn >out 2>err ||
      fail "$model $mode: $(cat err)"
    cut -f 3 p.tsv | grep -qvxE 'coffee|library' && fail "$model $mode with own words: $(cat p.tsv)"
  done
done
echo "three models, each as itself"

train_words --steps 2 --batch 4 --valid drawn --out from_crnn --encoder crnn/best.safetensors --optimizer adadelta \
  --ema-decay 0.9 >log 2>&1 || fail "rare does not start with crnn's encoder: $(cat log)"
grep -q "tensors of the encoder" log || fail "nobody says what of the encoder fitted: $(cat log)"
train_words --steps 2 --batch 4 --valid drawn --out wide --config base --widen rare/best.safetensors >/dev/null 2>&1 ||
  fail "rare does not grow"
[ -s from_crnn/best.safetensors ] && [ -s wide/best.safetensors ] || fail "no weights of what started elsewhere"

evaluate_words --weights rare/best.safetensors --lexicon words.txt --among 3 --predictions p.tsv drawn >out 2>err ||
  fail "--among: $(cat err)"
strangers=$(awk -F '\t' '{ t = tolower($2); gsub(/[^a-z0-9]/, "", t); if ($3 != t && $3 !~ /^(hotel|museum|caf)$/) print }' p.tsv)
[ -z "$strangers" ] || fail "--among reads what is not among its words: $strangers"
