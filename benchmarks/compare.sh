#!/usr/bin/env bash
# Compares Glimpse with PyTorch and oneDNN: installs the baselines, builds the benchmarks as a user
# does (g++ -O2), runs all of them in turn, several rounds, and writes docs/performance.md.
#
#   bash benchmarks/compare.sh [--quick] [--rounds N] [--part NAME]... [--only PATTERN]
#
# Parts: build same_work models conv recurrent memory products peak sweep report. The default is all
# of them, in this order. The output of each program is kept in build/compare, one file per part,
# contestant and round. Parts can therefore be measured on different days, and --part report writes
# the page again. --only: the runs whose file name matches the regular expression. --quick: one
# round, shorter runs.
#
# The script watches every run. If other processes or the hypervisor used more than 3 % of the cores
# (OTHERS=N in the environment: N per mille), it discards the figures and runs the program again, at
# most three times.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=build/compare
library=/usr/lib/x86_64-linux-gnu
python=/usr/bin/python3
flags='-std=c++20 -O2'
rounds=3 seconds=3 only=. limit=${OTHERS:-30} parts=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rounds=1 seconds=1.5 ;;
    --part) parts+=("$2"); shift ;;
    --rounds) rounds=$2; shift ;;
    --only) only=$2; shift ;;
    *) sed -n '2,16s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] ||
  parts=(build same_work models conv recurrent memory products peak sweep report)
mkdir -p $out/bin

# The contestants ------------------------------------------------------------------------------

# The widest vectors of this CPU, and the most similar CPU that Debian's OpenBLAS knows.
isa=baseline vectors=default core=Nehalem
if grep -q -m1 -w avx512bw /proc/cpuinfo; then isa=AVX-512 vectors=avx512 core=SkylakeX
elif grep -q -m1 -w avx2 /proc/cpuinfo; then isa=AVX2 vectors=avx2 core=Haswell; fi

# PyTorch as Debian installs it: the reference BLAS, and AVX2 even if the CPU has more.
installed() {
  env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE LD_LIBRARY_PATH=$library/blas:$library/lapack "$@"
}
# PyTorch tuned: OpenBLAS set to a CPU it knows, the widest vectors, freed memory kept.
tuned() {
  env -u OPENBLAS_L2_SIZE LD_LIBRARY_PATH=$library/openblas-openmp OPENBLAS_CORETYPE=$core \
    ATEN_CPU_CAPABILITY=$vectors MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 \
    MALLOC_TOP_PAD_=268435456 "$@"
}

need() {
  local missing=() p
  for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -eq 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  else
    echo "compare.sh: please install ${missing[*]}" >&2
    exit 1
  fi
}

compile() {  # compile SOURCE [MORE FLAGS]: only if the source or a header is newer
  local source=$1 program=$out/bin/$(basename "${1%.cpp}")
  shift
  if [ -x "$program" ] && [ "$source" -ot "$program" ] &&
    [ -z "$(find include benchmarks -newer "$program" -name '*.hpp' -print -quit)" ]; then
    return
  fi
  echo "g++ $flags -Iinclude $source $*"
  # shellcheck disable=SC2086
  g++ $flags -Iinclude "$source" -o "$program" "$@"
}

version() { dpkg-query -W -f '${Version}' "$1" | sed 's/[-+].*//'; }

machine() {  # values for the page: name and value
  local cpu
  cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
  printf '%s\t%s\n' cpu "$cpu" cores "$(nproc)" isa $isa vectors $vectors core $core \
    compiler "g++ $(g++ -dumpfullversion)" flags "$flags" torch "$(version python3-torch)" onednn "$(version libdnnl-dev)" \
    openblas "$(version libopenblas0-openmp)" \
    commit "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" date "$(date +%F)" \
    rounds $rounds others "$limit"
}

# Undisturbed runs ------------------------------------------------------------------------------

# Ticks that the cores were busy or stolen, and the ticks of our own child processes.
ticks() {
  local cpu self
  read -r -a cpu < /proc/stat
  read -r -a self < /proc/$$/stat
  echo $((cpu[1] + cpu[2] + cpu[3] + cpu[6] + cpu[7] + cpu[8])) $((self[15] + self[16])) \
    "$(date +%s%N)"
}

alone() {  # alone FILE COMMAND...: writes its output to FILE; the last line is the share of others
  local file=$out/$1.tsv attempt before after others
  [[ $1 =~ $only ]] || return 0
  shift
  for attempt in 1 2 3; do
    read -r -a before <<< "$(ticks)"
    "$@" > "$file.part" 2> "$file.log" || { cat "$file.log" >&2; return 1; }
    read -r -a after <<< "$(ticks)"
    # share of the cores' time used by others, per mille
    others=$((1000 * (after[0] - before[0] - after[1] + before[1]) * 1000000000 /
              ((after[2] - before[2]) * $(getconf CLK_TCK) * $(nproc))))
    echo "# others $others per mille, attempt $attempt" >> "$file.part"
    [ $others -le "$limit" ] && break
    echo "  others used $others per mille of the cores: $*" >&2
  done
  mv "$file.part" "$file"
}

# The parts -------------------------------------------------------------------------------------

# step NAME WHAT MODEL BATCH WIDTH THREADS
step() {
  local preset=large
  [ "$3" = crnn ] && preset=paper
  alone "$1" $out/bin/step "$2" "$3" $preset "${@:4}" $seconds
}
# torch_step WHO NAME WHAT MODEL BATCH WIDTH THREADS
torch_step() {
  local environment=$1
  [ "$1" = channels_last ] && environment=tuned
  alone "$2" $environment $python benchmarks/baselines/torch_models.py "${@:3}" $seconds "$1"
}

models() {
  local round model what case batch threads name
  for round in $(seq $rounds); do
    for model in $nets; do
      for case in training-64 training-16 reading-64 reading-1; do
        what=${case%-*} batch=${case#*-}
        for threads in 2 1; do
          name=$model.$case.$threads.$round
          step "models.glimpse.$name" $what $model $batch 100 $threads
          torch_step tuned "models.tuned.$name" $what $model $batch 100 $threads
        done
        name=$model.$case.2.$round
        torch_step channels_last "models.channels_last.$name" $what $model $batch 100 2
        # PyTorch as installed is so slow that one step is enough.
        [ "$round" -gt 1 ] ||
          seconds=0 torch_step installed "models.installed.$name" $what $model $batch 100 2
      done
    done
  done
}

sweep() {  # time against batch and against the width of the image; more points come from models
  local batch width
  for batch in 1 4 32; do
    step "sweep.glimpse.training-$batch" training rare $batch 100 2
    torch_step tuned "sweep.tuned.training-$batch" training rare $batch 100 2
  done
  for batch in 4 16; do
    step "sweep.glimpse.reading-$batch" reading rare $batch 100 2
    torch_step tuned "sweep.tuned.reading-$batch" reading rare $batch 100 2
  done
  for width in 160 240 320; do
    step "sweep.glimpse.width-$width" training rare 16 $width 2
    torch_step tuned "sweep.tuned.width-$width" training rare 16 $width 2
  done
}

run_part() {
  local round file
  case $1 in
    build)
      need python3-torch libdnnl-dev libopenblas0-openmp libblas3 python3-matplotlib g++ \
        nlohmann-json3-dev
      compile benchmarks/models/step.cpp
      compile benchmarks/models/exchange.cpp
      compile benchmarks/simd/peak.cpp
      compile benchmarks/ops/conv2d.cpp
      compile benchmarks/ops/recurrent.cpp
      compile benchmarks/ops/memory_bound.cpp
      compile benchmarks/ops/ctc_loss.cpp
      compile benchmarks/baselines/onednn_conv.cpp -fopenmp -ldnnl
      compile benchmarks/baselines/products.cpp -fopenmp -ldnnl \
        $library/openblas-openmp/libopenblas.so.0
      ;;
    same_work)
      for model in $nets; do
        $out/bin/exchange $out/$model.safetensors $model
        tuned $python benchmarks/baselines/torch_models.py check $out/$model.safetensors \
          > $out/same_work.$model.tsv
        cat $out/same_work.$model.tsv
      done
      ;;
    models) models ;;
    conv)
      for round in $(seq $rounds); do
        alone "conv.glimpse.$round" $out/bin/conv2d --tsv
        alone "conv.onednn.$round" $out/bin/onednn_conv
      done
      ;;
    recurrent)
      for round in $(seq $rounds); do
        for threads in 1 2; do
          alone "recurrent.glimpse.$threads.$round" $out/bin/recurrent $threads
          alone "recurrent.tuned.$threads.$round" \
            tuned $python benchmarks/baselines/torch_recurrent.py $threads
        done
        alone "ctc.glimpse.$round" $out/bin/ctc_loss
        alone "ctc.tuned.$round" tuned $python benchmarks/baselines/torch_ctc.py
      done
      ;;
    memory)
      for round in $(seq $rounds); do
        alone "memory.glimpse.$round" $out/bin/memory_bound
        alone "memory.tuned.$round" tuned $python benchmarks/baselines/torch_memory_bound.py
      done
      ;;
    products)
      for round in $(seq $rounds); do
        for threads in 1 2; do
          alone "products.all.$threads.$round" tuned $out/bin/products $threads
        done
      done
      ;;
    peak) alone peak.glimpse.1 $out/bin/peak ;;
    sweep) sweep ;;
    report) $python -B benchmarks/report.py $out docs ;;
    *) echo "compare.sh: expected a part from the list in the head of this file, got '$1'" >&2; exit 2 ;;
  esac
}

nets=rare
grep -q Crnn benchmarks/models/step.cpp && nets='rare crnn'
for part in "${parts[@]}"; do
  echo "== $part" >&2
  run_part "$part"
  case $part in  # the page reports the rounds and the limit of the measurement
    build | report) ;;
    *) machine > $out/machine.part && mv $out/machine.part $out/machine.tsv ;;
  esac
done
