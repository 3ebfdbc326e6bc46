#!/usr/bin/env bash
# Installs the fonts for synthetic words: bash examples/install_fonts.sh [--few|--web]
#
# Default: all 155 Debian packages listed here, a download of about 80 MB with 1,300 usable faces. Prints the packages
# that are not in this release of Debian. --few: fourteen packages (about 100 faces), enough for a first try.
# --web: about 400 faces that are not in Debian (brush, heavy and condensed display type), from the npm packages of
# Fontsource, as WOFF files in ~/.local/share/fonts/fontsource. Does not download again what is already there.
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
  fonts-linuxlibertine fonts-century-catalog fonts-summersby fonts-gotico-antiqua fonts-yrsa-rasa
  fonts-georgewilliams fonts-dustin fonts-urw-base35 fonts-le-murmure fonts-courier-prime fonts-gnutypewriter
  fonts-ocr-a fonts-ocr-b fonts-dseg fonts-pc-extra fonts-pc fonts-sixtyfour fonts-amiga fonts-glasstty
  fonts-3270 fonts-atarismall fonts-proggy fonts-anonymous-pro fonts-inconsolata fonts-jetbrains-mono
  fonts-league-mono fonts-hermit fonts-fantasque-sans fonts-monofur fonts-mononoki fonts-monoid fonts-agave
  fonts-osifont fonts-smc-uroob fonts-smc-manjari fonts-smc-gayathri fonts-smc-keraleeyam fonts-smc-dyuthi
  fonts-smc-chilanka fonts-smc-karumbi fonts-tlwg-purisa-ttf fonts-tlwg-sawasdee-ttf fonts-tlwg-laksaman-ttf
  fonts-alee fonts-povray fonts-cegui fonts-firacode fonts-smiley-sans fonts-woowa-bm fonts-compagnon
  fonts-aenigma fonts-bajaderka fonts-kristi
)

web=(
  abeezee abel abril-fatface acme actor alata aldrich alex-brush alfa-slab-one alice allan allura alumni-sans
  amaranth amatic-sc annie-use-your-telescope anton antonio architects-daughter archivo-black archivo-narrow
  arvo aubrey audiowide bad-script balsamiq-sans bangers barlow-condensed basic belleza berkshire-swash
  big-shoulders-display black-ops-one bowlby-one-sc bree-serif bubblegum-sans bungee bungee-shade cal-sans
  calistoga caprasimo carter-one caveat caveat-brush cedarville-cursive chakra-petch changa-one chewy cinzel
  cinzel-decorative climate-crisis coiny condiment cookie cooper-hewitt corinthia courgette
  covered-by-your-grace creepster damion days-one dela-gothic-one delicious-handrawn delius didact-gothic
  dm-serif-display doto ephesis esteban ewert finger-paint fira-sans-extra-condensed fjalla-one
  fredericka-the-great fredoka-one gabarito germania-one gloock gloria-hallelujah gochi-hand goldman graduate
  grand-hotel grandstander great-vibes handlee happy-monkey headland-one hepta-slab herr-von-muellerhoff
  homemade-apple iceberg iceland im-fell-english inder indie-flower italianno itim jersey-10 jockey-one
  josefin-sans jost kalam kaushan-script khand knewave krona-one lalezar league-gothic libre-caslon-condensed
  licorice lilita-one lobster londrina-solid luckiest-guy lustria mansalva marcellus marck-script medievalsharp
  michroma micro-5 modak momo-trust-display monoton monsieur-la-doulaise montecarlo mouse-memoirs mr-de-haviland
  ms-madi museomoderno neucha norwester nosifer nova-script nova-square oooh-baby orbitron oswald ovo oxanium
  pacifico parisienne passion-one pathway-extreme patrick-hand patua-one paytone-one permanent-marker
  philosopher pinyon-script pixelify-sans playfair-display poiret-one poly prata press-start-2p pt-sans-narrow
  purple-purse quantico questrial rajdhani rammetto-one reenie-beanie righteous rochester rock-salt rokkitt
  rowdies rubik-mono-one rufina russo-one sacramento saira-extra-condensed saira-stencil-one sanchez satisfy
  schoolbell shadows-into-light share-tech short-stack shrikhand sigmar-one silkscreen slabo-27px smooch sniglet
  special-elite special-gothic-expanded-one spicy-rice sriracha staatliches stack-sans-notch sue-ellen-francisco
  suez-one swanky-and-moo-moo syncopate syne tangerine teko the-girl-next-door tiny5 titan-one twinkle-star
  ubuntu-condensed unbounded uncial-antiqua unifrakturcook unifrakturmaguntia unna varela-round vibur volkhov
  vt323 whisper yellowtail yeseva-one zen-dots
)

# fetch_web: the regular and the bold face of every family in web.
fetch_web() {
  local folder=$HOME/.local/share/fonts/fontsource family work fetched=0 absent=()
  if ! command -v npm > /dev/null; then
    echo "install_fonts.sh: --web: expected npm, got none; install npm" >&2
    exit 1
  fi
  work=$(mktemp -d)
  trap "rm -rf '$work'" EXIT
  for family in "${web[@]}"; do
    if compgen -G "$folder/$family/*.woff" > /dev/null; then continue; fi
    if (cd "$work" && npm pack --silent "@fontsource/$family" && tar -xzf ./*.tgz) > /dev/null 2>&1; then
      mkdir -p "$folder/$family"
      cp "$work"/package/files/"$family"-latin-{400,700}-normal.woff "$folder/$family" 2> /dev/null || true
      fetched=$((fetched + 1))
    else
      absent+=("$family")
    fi
    rm -rf "${work:?}"/*
  done
  if [ "${#absent[@]}" -gt 0 ]; then echo "not downloaded, left out: ${absent[*]}"; fi
  echo "$fetched families downloaded into $folder"
}

packages=("${all[@]}")
case "${1:-}" in
  "") ;;
  --few) packages=("${few[@]}") ;;
  --web)
    fetch_web
    exit 0
    ;;
  -h | --help)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
  *)
    echo "install_fonts.sh: expected --few or --web, got $1" >&2
    exit 2
    ;;
esac

if ! command -v apt-get > /dev/null; then
  echo "install_fonts.sh: expected apt-get (Debian, Ubuntu), got none; copy TTF or OTF files into ~/.fonts instead" >&2
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
  echo "install_fonts.sh: apt-get has none of the font packages" >&2
  exit 1
fi
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${present[@]}"
echo "${#present[@]} font packages are installed"
