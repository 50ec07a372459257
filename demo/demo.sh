#!/usr/bin/env bash
# MIKEY's main job on real input: two processes agree on keys inside an SDP offer and answer, stream speech as G.711 inside
# SRTP both ways, and write down what they heard; then three attacks that must fail, and one line for every mode.
set -euo pipefail
cd "$(dirname "$0")/.."
mikey=${MIKEY:-build/bin/mikey}
mikey_kms=${mikey%mikey}mikey-kms
out=build/demo
rm -rf "$out"
mkdir -p "$out"
pids=()
cleanup() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; }
trap cleanup EXIT

title() { printf '\n=== %s\n' "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

# Waits until a program has said where it listens, and prints HOST:PORT.
where() {
  for _ in $(seq 100); do
    if grep -qsE '^(listening|overhearing) on ' "$1"; then
      sed -nE 's/^(listening|overhearing) on //p' "$1" | head -n 1
      return
    fi
    sleep 0.1
  done
  die "nothing listens; see $1"
}

title "Two voices"
espeak-ng -v en -s 150 -w "$out/alice-raw.wav" "Hello Bob. This call is keyed by MIKEY, inside the session description."
espeak-ng -v en-gb -p 20 -s 140 -w "$out/bob-raw.wav" "Hello Alice. I hear you well, and nobody else does."
for who in alice bob; do sox "$out/$who-raw.wav" -r 8000 -c 1 -b 16 "$out/$who.wav"; rm "$out/$who-raw.wav"; done
ls -l "$out"/*.wav

title "Keys and certificates of the parties"
key=$("$mikey" keygen psk)
MIKEY=$mikey demo/make-pki.sh "$out"
"$mikey" kms init kms.example.com --out "$out/kms" > /dev/null
"$mikey" kms provision --master "$out/kms/sakke-master.json" --out "$out" \
  sip:alice@example.com sip:bob@example.com > /dev/null 2>&1
kms=sip:kms@example.com
"$mikey" keygen ibake-params "$kms" --dir "$out/kms" > /dev/null 2>&1
declare -A kms_key=([alice]=$("$mikey" keygen psk) [bob]=$("$mikey" keygen psk))
config() { # who peer key
  cat <<EOF2
identity = "sip:$1@example.com"
[psk."sip:$2@example.com"]
key = "$3"
[psk."$kms"]
key = "${kms_key[$1]}"
[ticket]
kms = "$kms"
[ibake]
kms = "$kms"
params = "kms/ibake-params.json"
[certificate]
chain = "$1.pem"
key = "$1.key"
trust = ["ca.pem"]
[peers."sip:$2@example.com"]
certificate = "$2.pem"
[sakke]
keys = ["$(basename "$(ls "$out/$1"-[0-9]*.json)")"]
kms = ["kms/kms.json"]
EOF2
}
config alice bob "$key" > "$out/alice.toml"
config bob alice "$key" > "$out/bob.toml"
config alice bob "$("$mikey" keygen psk)" > "$out/wrong.toml"
cat > "$out/kms.toml" <<EOF2
identity = "$kms"
[psk."sip:alice@example.com"]
key = "${kms_key[alice]}"
[psk."sip:bob@example.com"]
key = "${kms_key[bob]}"
[ticket]
tpk = "$("$mikey" keygen psk)"
[ibake]
master = "kms/ibake-master.json"
[server]
listen = ["http://127.0.0.1:0"]
audit = "tickets.jsonl"
EOF2
echo "one pre-shared key, one CA, two certificates, a KMS and its keys: $out"

title "The call: MIKEY-PSK in SDP, G.711 in SRTP, both ways; Eve gets every packet of Alice's"
"$mikey" call --overhear 127.0.0.1:0 --record "$out/heard-by-eve.wav" > "$out/eve.txt" &
pids+=($!)
eve=$!
tap=$(where "$out/eve.txt")
"$mikey" call --listen 127.0.0.1:0 --config "$out/bob.toml" --wav "$out/bob.wav" --record "$out/heard-by-bob.wav" --quiet \
  --calls 2 > "$out/bob.txt" 2>&1 &
pids+=($!)
bob=$!
at=$(where "$out/bob.txt")
"$mikey" call --connect "$at" --config "$out/alice.toml" --to sip:bob@example.com --wav "$out/alice.wav" \
  --record "$out/heard-by-alice.wav" --pcap "$out/call.pcap" --save-offer "$out/offer.sdp" --tap "$tap" | tee "$out/alice.txt"
echo "bob:"
sed 's/^/  /' "$out/bob.txt"

title "The audio compared end to end"
demo/compare-audio.py "$out/alice.wav" "$out/heard-by-bob.wav"
demo/compare-audio.py "$out/bob.wav" "$out/heard-by-alice.wav"

title "Attack 1: Eve has the packets but not the keys"
wait "$eve"
tail -n 1 "$out/eve.txt"
grep -q ' 0 packets understood' "$out/eve.txt" || die "Eve understood something"

title "Attack 2: Alice's offer, replayed"
if "$mikey" call --connect "$at" --config "$out/alice.toml" --to sip:bob@example.com --replay-offer "$out/offer.sdp" --quiet; then
  die "the replayed offer was accepted"
fi
wait "$bob" || true
grep '^refused' "$out/bob.txt"

title "Attack 3: a wrong pre-shared key"
"$mikey" call --listen 127.0.0.1:0 --config "$out/bob.toml" --quiet > "$out/bob3.txt" 2>&1 &
pids+=($!)
bob=$!
if "$mikey" call --connect "$(where "$out/bob3.txt")" --config "$out/wrong.toml" --to sip:bob@example.com --quiet; then
  die "the wrong key was accepted"
fi
wait "$bob" || true
grep '^refused' "$out/bob3.txt"

title "Every mode: a call each; for ticket and ibake the parties ask a KMS over HTTP"
"$mikey_kms" serve --config "$out/kms.toml" > "$out/kms.txt" 2> "$out/kms.log" &
pids+=($!)
server=$!
url=$(where "$out/kms.txt")
declare -A secrecy=([psk]=no [pk]=no [dh]=yes [dhhmac]=yes [rsar]=no [ticket]=no [ibake]=yes [sakke]=no)
declare -A learns=([ticket]="every key" [sakke]="every key" [ibake]="nothing, unless it sits in between")
row='%-8s %-9s %-8s %-12s %-8s %-9s %-16s %s\n'
# shellcheck disable=SC2059  # one form for all rows
printf "$row" mode messages octets 'round trips' packets time 'forward secrecy' 'what the KMS could learn'
for mode in psk pk dh dhhmac rsar ticket ibake sakke; do
  asks=()
  case $mode in ticket | ibake) asks=(--kms "$url") ;; esac
  "$mikey" call --listen 127.0.0.1:0 --config "$out/bob.toml" --wav "$out/bob.wav" --fast --quiet "${asks[@]}" > "$out/bob-$mode.txt" 2>&1 &
  pids+=($!)
  bob=$!
  at=$(where "$out/bob-$mode.txt")
  start=$(date +%s%N)
  "$mikey" call --connect "$at" --config "$out/alice.toml" --to sip:bob@example.com --mode "$mode" --wav "$out/alice.wav" \
    --fast --quiet "${asks[@]}" > "$out/alice-$mode.txt" || die "mode $mode failed"
  wait "$bob" || die "mode $mode failed at bob's; see $out/bob-$mode.txt"
  time="$((($(date +%s%N) - start) / 1000000)) ms"
  # Alice's messages and answers, and what both said to the KMS.
  mapfile -t sizes < <(sed -nE 's/^MIKEY message (offered|answered|to the KMS|from the KMS) \(([0-9]+) octets\)$/\2/p' \
    "$out/alice-$mode.txt" <(grep KMS "$out/bob-$mode.txt"))
  total=0
  for size in "${sizes[@]}"; do total=$((total + size)); done
  heard=$(sed -nE 's/.*heard ([0-9]+) packets.*/\1/p' "$out/alice-$mode.txt")
  trips=$(cat "$out/alice-$mode.txt" "$out/bob-$mode.txt" | grep -cE '^MIKEY message (answered|from the KMS)' || true)
  # shellcheck disable=SC2059
  printf "$row" "$mode" "${#sizes[@]}" "$total" "$trips" "$heard" "$time" "${secrecy[$mode]}" "${learns[$mode]-"(there is none)"}"
done

echo "The KMS's audit trail:"
sed 's/^/  /' "$out/tickets.jsonl"
kill "$server"
wait "$server" || die "the KMS failed; see $out/kms.log"

title "Left in $out"
ls "$out"/*.wav "$out"/call.pcap "$out"/offer.sdp
echo "See a message taken apart:  $mikey inspect $out/offer.sdp"
