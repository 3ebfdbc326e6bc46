#!/usr/bin/env bash
# Installs photographs of surfaces for words to be drawn on: bash examples/install_backgrounds.sh
#
# Debian's ufoai-textures (336 MB of download) holds some thousand of walls, brick, wood, metal and facades. They are
# unpacked into ~/.local/share/glimpse/photos, which train_words and synthesize_words take as --backgrounds. Any other folder
# of photographs without writing in them will do as well.
set -euo pipefail
if ! command -v apt-get > /dev/null; then
  echo "install_backgrounds.sh: wants apt-get (Debian, Ubuntu); any folder of photographs without writing will do" >&2
  exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
"${root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends ufoai-textures unzip
archive=$(dpkg -L ufoai-textures | grep -m 1 'textures\.pk3$')
folder=$HOME/.local/share/glimpse/photos
mkdir -p "$folder"
# What hangs in shops and images has writing, lights and machines are no surfaces; _nm, _gm and _sm are maps of
# normals, glow and gloss.
unzip -q -o "$archive" 'textures/*.jpg' 'textures/*.png' -d "$folder" \
  -x '*_nm.*' '*_gm.*' '*_sm.*' '*/*shop*/*' '*/*pics*/*' '*/*lights*/*' '*/*tech*/*' '*/*misc*/*'
echo "$(find "$folder" -type f | wc -l) photographs are in $folder"
