#!/usr/bin/env bash
# Installs the Debian font packages that drawn words are made from: bash examples/install_fonts.sh [--few]
#
# All of them are 155 packages, some 80 MB of download and 1,300 usable faces; --few installs fourteen good ones
# (about 100 faces), enough for the quickstart. Packages that this release of Debian lacks are left out with a word.
set -euo pipefail

few=(
  fonts-roadgeek fonts-liberation fonts-dejavu-core fonts-cabin fonts-lato fonts-bebas-neue fonts-league-spartan
  fonts-opendin fonts-roboto-slab fonts-adf-gillius fonts-lobster fonts-oldstandard fonts-quicksand fonts-allerta
)

all=(
  # Signs, transport, plain sans: most of what streets and shops show.
  fonts-roadgeek fonts-allerta fonts-tiresias fonts-national-park fonts-routed-gothic fonts-opendin
  fonts-bebas-neue fonts-league-spartan fonts-adf-gillius fonts-adf-switzera fonts-adf-universalis
  fonts-adf-verana fonts-adf-ikarius fonts-adf-libris fonts-adf-irianis fonts-adf-mekanus fonts-adf-oldania
  fonts-adf-solothurn fonts-adf-tribun fonts-adf-accanthis fonts-adf-baskervald fonts-adf-berenis
  fonts-adf-romande fonts-beteckna fonts-cabin fonts-yanone-kaffeesatz fonts-dosis fonts-quicksand
  fonts-comfortaa fonts-manrope fonts-sora fonts-jura fonts-play fonts-oxygen fonts-clear-sans
  fonts-open-sans fonts-lato fonts-roboto-unhinted fonts-roboto-slab fonts-liberation fonts-dejavu-core
  fonts-dejavu-extra fonts-cantarell fonts-junction fonts-tuffy fonts-karla fonts-gemunu-libre fonts-okolaks
  fonts-ubuntu-title fonts-eurofurence fonts-averia-gwf fonts-averia-sans-gwf fonts-averia-serif-gwf
  fonts-opendyslexic fonts-b612 fonts-arkpandora fonts-crosextra-carlito fonts-crosextra-caladea
  fonts-paratype fonts-go fonts-inter fonts-lemonada fonts-lobster fonts-lobstertwo fonts-kaushanscript
  fonts-leckerli-one fonts-dancingscript fonts-havana fonts-breip fonts-rufscript fonts-sjfonts fonts-bwht
  fonts-femkeklaver fonts-humor-sans fonts-tomsontalks fonts-comic-neue fonts-cherrybomb fonts-staypuft
  fonts-cabinsketch fonts-apropal fonts-fantasma fonts-radisnoir fonts-engadget fonts-f500 fonts-ferrite-core
  fonts-klaudia-berenika fonts-blankenburg fonts-gamaliel fonts-isabella fonts-triod-postnaja
  fonts-gfs-theokritos fonts-essays1743 fonts-goudybookletter fonts-lindenhill fonts-fanwood fonts-prociono
  fonts-quattrocento fonts-vollkorn fonts-oldstandard fonts-arapey fonts-ebgaramond fonts-sil-gentium-basic
  fonts-linuxlibertine fonts-century-catalogue fonts-summersby fonts-gotico-antiqua fonts-yrsa-rasa
  fonts-georgewilliams fonts-dustin fonts-urw-base35 fonts-le-murmure fonts-courier-prime fonts-gnutypewriter
  fonts-ocr-a fonts-ocr-b fonts-dseg fonts-pc-extra fonts-pc fonts-sixtyfour fonts-amiga fonts-glasstty
  fonts-3270 fonts-atarismall fonts-proggy fonts-anonymous-pro fonts-inconsolata fonts-jetbrains-mono
  fonts-league-mono fonts-hermit fonts-fantasque-sans fonts-monofur fonts-mononoki fonts-monoid fonts-agave
  fonts-osifont fonts-smc-uroob fonts-smc-manjari fonts-smc-gayathri fonts-smc-keraleeyam fonts-smc-dyuthi
  fonts-smc-chilanka fonts-smc-karumbi fonts-tlwg-purisa-ttf fonts-tlwg-sawasdee-ttf fonts-tlwg-laksaman-ttf
  fonts-alee fonts-povray fonts-cegui fonts-firacode fonts-smiley-sans fonts-woowa-bm fonts-compagnon
  fonts-aenigma fonts-bajaderka fonts-kristi
)

packages=("${all[@]}")
case "${1:-}" in
  "") ;;
  --few) packages=("${few[@]}") ;;
  -h | --help)
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
  *)
    echo "install_fonts.sh: unknown option $1 (there is --few)" >&2
    exit 2
    ;;
esac

if ! command -v apt-get > /dev/null; then
  echo "install_fonts.sh: wants apt-get (Debian, Ubuntu); put TTF or OTF files into ~/.fonts instead" >&2
  exit 1
fi

root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi

present=() absent=()
"${root[@]}" apt-get update -qq
known=$(apt-cache pkgnames fonts- | sort)
for package in "${packages[@]}"; do
  if grep -qx "$package" <<< "$known"; then present+=("$package"); else absent+=("$package"); fi
done
if [ "${#absent[@]}" -gt 0 ]; then echo "not in this release, left out: ${absent[*]}"; fi
if [ "${#present[@]}" -eq 0 ]; then
  echo "install_fonts.sh: none of the font packages is known to apt-get" >&2
  exit 1
fi
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${present[@]}"
echo "${#present[@]} font packages are installed"
