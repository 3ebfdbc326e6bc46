#!/usr/bin/env bash
# Each room of include/glimpse includes only itself and the rooms before it in this list. Nothing
# points back up. Headers outside the rooms (glimpse.hpp, interop/) gather what they like.
set -eu
rooms=(core simd autograd ops nn optim io text data models viz train)
cd "$GLIMPSE_ROOT/include/glimpse"
bad=0
allowed=""
for room in "${rooms[@]}"; do
  allowed="${allowed:+$allowed|}$room"
  [ -d "$room" ] || continue
  # Quotes would hide the room: every include of ours is by its full path.
  if grep -rnE '#include "' "$room"; then
    echo "^ $room: an include by a relative path"
    bad=1
  fi
  if grep -rnoE '#include <glimpse/[^>]*>' "$room" | grep -vE "<glimpse/($allowed)/"; then
    echo "^ $room may include only: ${allowed//|/ }"
    bad=1
  fi
done
for folder in */; do
  case " ${rooms[*]} interop " in *" ${folder%/} "*) ;; *) echo "$folder is not in the list of rooms"; bad=1 ;; esac
done
# glimpse.hpp holds the rooms that need the standard library alone, whole.
for header in {core,simd,autograd,ops,nn,optim,models}/*.hpp; do
  grep -qF "#include <glimpse/$header>" glimpse.hpp || { echo "glimpse.hpp misses $header"; bad=1; }
done
exit $bad
