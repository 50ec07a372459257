# bash completion for mikey(1): verbs, their options, and the values of options that have a fixed set.

_mikey() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local verb="" sub="" word words="" index
  COMPREPLY=()

  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    [[ $word == -* ]] && continue
    if [[ -z $verb ]]; then
      verb=$word
    elif [[ -z $sub && ($verb == sdp || $verb == keygen) ]]; then
      sub=$word
    fi
  done

  case $prev in
    --peer)
      mapfile -t COMPREPLY < <(compgen -W "onvif gstreamer live555 genetec strict" -- "$cur")
      return
      ;;
    --format)
      mapfile -t COMPREPLY < <(compgen -W "auto binary base64 hex sdp rtsp pcap" -- "$cur")
      return
      ;;
    --colour | --color)
      mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur")
      return
      ;;
    --config | --wav-in | --wav-out | --out | -o)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
  esac

  case $verb/$sub in
    /) words="inspect agent call sdp keygen --help --version" ;;
    inspect/*) words="--json --lint --peer --help" ;;
    agent/*) words="--config --reveal-keys --help" ;;
    call/*) words="--help" ;;
    sdp/) words="offer answer --help" ;;
    sdp/*) words="--help" ;;
    keygen/) words="psk --help" ;;
    keygen/*) words="--help" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  if [[ $verb == inspect && $cur != -* ]]; then
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
  fi
}

complete -o filenames -F _mikey mikey
