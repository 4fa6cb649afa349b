# shellcheck shell=bash
# What both scripts need. The export puts this text into each of them, so that each stands alone.
# Needs curl, bash 3.2 or newer and what every system has. Writes no file: it must work while the disk is full.

export LC_ALL=C # text is bytes here; json_string alone knows of characters

readonly EXIT_USAGE=2 EXIT_REFUSED=3 EXIT_UNREACHABLE=4
readonly REPLY_BYTES=65536

# What `post` found out: the HTTP status (000: no answer), headers, body, and in words what is wrong.
HTTP_STATUS=000 HTTP_HEADERS='' HTTP_BODY='' REASON=''
BEARER_TOKEN='' # sent as a header when set
SECRET=''       # never shown, wherever it turns up

# fail STATUS TEXT: one line on stderr, and the end.
fail() {
  local text=${2//[[:cntrl:]]/ }
  [[ -z $SECRET ]] || text=${text//"$SECRET"/***}
  printf '%s: %s\n' "${0##*/}" "$text" >&2
  exit "$1"
}

# needs_value OPTION [VALUE]: fails unless the option is followed by a value.
needs_value() {
  (($# >= 2)) || fail $EXIT_USAGE "$1: needs a value; see --help"
}

# whole_number NAME VALUE LEAST: sets REPLY to the number; fails unless it lies between LEAST and 9999.
whole_number() {
  if [[ $2 =~ ^[0-9]{1,4}$ ]]; then REPLY=$((10#$2)); else REPLY=-1; fi
  ((REPLY >= $3)) || fail $EXIT_USAGE "$1: must be a whole number from $3 to 9999, got '$2'"
}

# check_url NAME VALUE: fails unless the value is an http(s) URL without a user or password in it.
check_url() {
  local pattern='^https?://[][A-Za-z0-9.:_-]+(/[]A-Za-z0-9._~:/?#[!$&()*+,;=%@-]*)?$'
  [[ $2 =~ $pattern ]] || fail $EXIT_USAGE "$1: must be an http or https URL without a password in it"
}

# use_secret NAME VALUE WHAT: keeps the secret as SECRET; fails unless it is set and looks like one.
use_secret() {
  [[ -n $2 ]] || fail $EXIT_USAGE "$1: not set; export $3"
  [[ $2 =~ ^[A-Za-z0-9._~+/=-]+$ ]] || fail $EXIT_USAGE "$1: has a blank or another character that $3 can't have"
  SECRET=$2
}

# json_string TEXT: sets REPLY to the text as a JSON string, quotes included, and REPLY_LENGTH to its characters.
# A byte that is not UTF-8 becomes U+FFFD: a page with one odd character is better than no page.
json_string() {
  local text=$1 out='' char code size i
  local tail=$'[\x80-\xbf]' utf8=$'[\xc2-\xdf]T|\xe0[\xa0-\xbf]T|[\xe1-\xec\xee\xef]TT|\xed[\x80-\x9f]T'
  utf8+=$'|\xf0[\x90-\xbf]TT|[\xf1-\xf3]TTT|\xf4[\x80-\x8f]TT' # RFC 3629, section 4
  utf8="^(${utf8//T/$tail})"
  REPLY_LENGTH=0
  for ((i = 0; i < ${#text}; i += size)); do
    char=${text:i:1}
    size=1
    case $char in
      \" | \\) out+=\\$char ;;
      [[:cntrl:]])
        printf -v code %d "'$char"
        printf -v char '\\u%04x' "$code"
        out+=$char
        ;;
      [' '-'~']) out+=$char ;;
      *)
        if [[ ${text:i:4} =~ $utf8 ]]; then
          out+=${BASH_REMATCH[0]}
          size=${#BASH_REMATCH[0]}
        else
          out+='\ufffd'
        fi
        ;;
    esac
    REPLY_LENGTH=$((REPLY_LENGTH + 1))
  done
  REPLY=\"$out\"
}

# text_of OPTION MOST TEXT: as json_string, but fails unless there are 1 to MOST characters, one of them visible.
text_of() {
  [[ $3 == *[![:space:]]* ]] || fail $EXIT_USAGE "$1: must not be empty"
  json_string "$3"
  ((REPLY_LENGTH <= $2)) || fail $EXIT_USAGE "$1: must have at most $2 characters, got $REPLY_LENGTH"
}

# json_member OBJECT NAME: sets REPLY to the raw value of one of the object's own members.
# Fails where the text is no complete object, or has no such member.
json_member() {
  local rest=$1 name=\"$2\" part=key key='' value='' found='' depth=0 token
  local string='^"[^"\\]*(\\.[^"\\]*)*"' plain='^[^]["{},:[:space:]]+'
  while rest=${rest#"${rest%%[![:space:]]*}"} && [[ -n $rest ]]; do
    if [[ $rest =~ $string || $rest =~ $plain ]]; then token=${BASH_REMATCH[0]}; else token=${rest:0:1}; fi
    rest=${rest:${#token}}
    case $token in '{' | '[') depth=$((depth + 1)) ;; '}' | ']') depth=$((depth - 1)) ;; esac
    case $depth$token in
      '1{') continue ;;
      1:) part=value ;;
      1, | '0}')
        [[ $key != "$name" ]] || found=$value
        part=key key='' value=''
        ;;
      *) if [[ $part == key ]]; then key+=$token; else value+=$token; fi ;;
    esac
    ((depth > 0)) || break
  done
  REPLY=$found
  [[ -n $found && $depth == 0 && ! $rest =~ [^[:space:]] ]]
}

# post URL BODY: posts the JSON until `judge` has a verdict: 0 accepted, 1 try again, 2 never. Returns 0, or the exit
# status that fits, with REASON set. The body goes through a pipe and the token through another: neither shows in `ps`.
post() {
  local attempts timeout delay cap attempt verdict
  whole_number TOCSIN_ATTEMPTS "${TOCSIN_ATTEMPTS:-4}" 1 && attempts=$REPLY
  whole_number TOCSIN_TIMEOUT "${TOCSIN_TIMEOUT:-10}" 1 && timeout=$REPLY
  whole_number TOCSIN_RETRY_DELAY "${TOCSIN_RETRY_DELAY:-1}" 0 && delay=$REPLY
  whole_number TOCSIN_RETRY_CAP "${TOCSIN_RETRY_CAP:-30}" 0 && cap=$REPLY
  for ((attempt = 1; ; attempt++)); do
    exchange "$1" "$2" "$timeout"
    verdict=0
    judge || verdict=$?
    ((verdict != 0)) || return 0
    ((verdict == 1)) || return $EXIT_REFUSED
    if ((attempt >= attempts)); then
      REASON="$REASON, after $attempt attempts"
      return $EXIT_UNREACHABLE
    fi
    retry_after "$delay" "$cap"
    sleep "$REPLY"
    delay=$((delay * 2))
  done
}

# exchange URL BODY TIMEOUT: one request. Sets the HTTP_ variables, and REASON where there is no answer.
exchange() {
  local raw failure=0
  HTTP_STATUS=000 HTTP_HEADERS='' HTTP_BODY=''
  raw=$(
    printf '%s' "$2" |
      curl -q --silent --show-error --include --globoff --proto '=http,https' --url "$1" \
        --header 'Content-Type: application/json; charset=utf-8' --header 'Accept: application/json' \
        --header 'Expect:' --config <(curl_config) --data-binary @- --connect-timeout 5 --max-time "$3" 2>&1 |
      head -c "$REPLY_BYTES" | tr -d '\000' || exit "${PIPESTATUS[1]}"
  ) || failure=$?
  raw=${raw//$'\r'/}$'\n\n' # back again: the end of the headers, where nothing follows them
  if ((failure != 0)); then
    raw=${raw##*curl: }
    REASON="no answer: ${raw%%$'\n'*}"
    return 0
  fi
  while [[ $raw =~ ^HTTP/[0-9.]+\ 1[0-9][0-9] && $raw == *$'\n\n'* ]]; do raw=${raw#*$'\n\n'}; done
  [[ ! $raw =~ ^HTTP/[0-9.]+\ ([0-9]{3}) ]] || HTTP_STATUS=${BASH_REMATCH[1]}
  HTTP_HEADERS=${raw%%$'\n\n'*}
  HTTP_BODY=${raw#*$'\n\n'}
  HTTP_BODY=${HTTP_BODY%"${HTTP_BODY##*[![:space:]]}"}
}

curl_config() {
  [[ -z $BEARER_TOKEN ]] || printf 'header = "Authorization: Bearer %s"\n' "$BEARER_TOKEN"
}

# retry_after DELAY CAP: sets REPLY to the seconds to wait: what the service asks for, else DELAY, never above CAP.
retry_after() {
  local pattern=$'\n[Rr][Ee][Tt][Rr][Yy]-[Aa][Ff][Tt][Ee][Rr]:[ \t]*([0-9]+)[ \t]*(\n|$)'
  REPLY=$1
  if [[ $HTTP_HEADERS =~ $pattern ]]; then
    REPLY=${BASH_REMATCH[1]}
    ((${#REPLY} <= 4)) || REPLY=9999
    REPLY=$((10#$REPLY))
  fi
  ((REPLY <= $2)) || REPLY=$2
}

# said_by_service: sets REASON to the reply as it came, short, in plain letters and without the secret.
said_by_service() {
  REASON="HTTP $HTTP_STATUS${HTTP_BODY:+: ${HTTP_BODY//[$'\x80'-$'\xff']/?}}"
  [[ -z $SECRET ]] || REASON=${REASON//"$SECRET"/***} # before it is cut: half a secret would not be found
  REASON=${REASON:0:300}
}
