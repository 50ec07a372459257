# bash completion for mikey(1) and mikey-kms(8). Verbs, options and values are those the program's own --help tells, so
# that this file need not know them.

_mikey() {
  local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local help verbs word index values
  local -a path=()
  COMPREPLY=()

  # The verbs already typed lead to the help text that counts.
  help=$("$program" --help 2>/dev/null) || return
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    verbs=$(_mikey_verbs <<<"$help")
    if [[ $word != -* ]] && grep -qxF -- "$word" <<<"$verbs"; then
      path+=("$word")
      help=$("$program" "${path[@]}" --help 2>/dev/null) || return
    fi
  done

  if [[ $prev == -* ]]; then
    values=$(_mikey_values "$prev" <<<"$help")
    case $values in
      "") ;;  # a flag: what follows is completed as if it were not there
      file)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
      *)
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
        return
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$(_mikey_verbs <<<"$help") $(_mikey_options <<<"$help")" -- "$cur")
  if [[ $cur != -* ]] && grep -q '^Positionals:' <<<"$help"; then
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
  fi
}

# The verbs of a help text.
_mikey_verbs() { sed -n '/^Subcommands:/,/^$/s/^  \([a-z][a-z0-9-]*\).*/\1/p'; }

# The long options of a help text; what stands further to the right is prose.
_mikey_options() { sed -nE 's/^  (-[A-Za-z0-9],)?(--[a-z0-9][a-z0-9-]*).*/\2/p'; }

# What may follow option $1: the members of its set, "file" for any other value, nothing for a flag.
_mikey_values() {
  local line
  line=$(grep -E -- "^  (-[A-Za-z0-9],)?$1( |\$)|^  $1,--" | head -n 1)
  if [[ $line =~ \{([^}]*)\} ]]; then
    printf '%s' "${BASH_REMATCH[1]//,/ }"
  elif [[ $line =~ ^\ \ [^\ ]+\ [A-Z] ]]; then
    printf file
  fi
}

complete -o filenames -F _mikey mikey mikey-kms
