#!/usr/bin/env bash
# Installs background images for synthetic words: bash examples/install_backgrounds.sh
#
# Debian's package ufoai-textures (a download of 336 MB) contains more than a thousand photographs of walls, brick, wood,
# metal and facades. The script unpacks them into ~/.local/share/glimpse/photos. Use this folder as --backgrounds of
# train_words and synthesize_words. Any other folder of photographs without text also works.
set -euo pipefail
if ! command -v apt-get > /dev/null; then
  echo "install_backgrounds.sh: expected apt-get (Debian, Ubuntu), got none; use any folder of photographs without text instead" >&2
  exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
"${root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends ufoai-textures unzip
archive=$(dpkg -L ufoai-textures | grep -m 1 'textures\.pk3$')
folder=$HOME/.local/share/glimpse/photos
mkdir -p "$folder"
# Leaves out the shops and pictures, because they contain text, and lights and machines, because they are not surfaces.
# _nm, _gm and _sm are maps of normals, glow and gloss.
unzip -q -o "$archive" 'textures/*.jpg' 'textures/*.png' -d "$folder" \
  -x '*_nm.*' '*_gm.*' '*_sm.*' '*/*shop*/*' '*/*pics*/*' '*/*lights*/*' '*/*tech*/*' '*/*misc*/*'
echo "$(find "$folder" -type f | wc -l) background images are in $folder"
