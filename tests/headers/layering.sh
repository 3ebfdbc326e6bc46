#!/usr/bin/env bash
# Checks that each folder of include/glimpse includes only itself and the folders before it in this list.
# Headers outside these folders (the entry headers, interop/) may include any folder.
set -eu
folders=(core simd autograd ops nn optim io text data models viz train)
cd "$GLIMPSE_ROOT/include/glimpse"
bad=0
allowed=""
for folder in "${folders[@]}"; do
  allowed="${allowed:+$allowed|}$folder"
  [ -d "$folder" ] || continue
  # Quotes would hide the folder: every include of ours is by its full path.
  if grep -rnE '#include "' "$folder"; then
    echo "^ $folder: an include by a relative path"
    bad=1
  fi
  if grep -rnoE '#include <glimpse/[^>]*>' "$folder" | grep -vE "<glimpse/($allowed)/"; then
    echo "^ $folder may include only: ${allowed//|/ }"
    bad=1
  fi
done
for folder in */; do
  case " ${folders[*]} interop " in *" ${folder%/} "*) ;; *) echo "$folder is not in the list of folders"; bad=1 ;; esac
done
# glimpse.hpp includes every header of the engine.
for header in {core,simd,autograd,ops,nn,optim}/*.hpp; do
  grep -qF "#include <glimpse/$header>" glimpse.hpp || { echo "glimpse.hpp misses $header"; bad=1; }
done
exit $bad
