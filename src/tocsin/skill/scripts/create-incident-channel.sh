#!/usr/bin/env bash
# Opens an incident's Slack channel through Slack's Web API. Needs only bash and curl; --help says how.
set -euo pipefail
# shellcheck source=common.bash
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"

readonly DEFAULT_URL='https://slack.com/api'
readonly EXIT_NAME_TAKEN=5 EXIT_INCOMPLETE=6
readonly SLUG_LENGTH=40 # as Tocsin names its channels, so that it finds this one; Slack allows 80 for the whole name

usage() {
  cat <<EOF
Usage: create-incident-channel.sh --incident INC-YYYY-NNNN --title TEXT [OPTION]...

Opens the incident's Slack channel, sets its topic, invites people, posts the first message, and prints the channel's
id and name. The name is made of the incident and the title: inc-2026-0042-checkout-is-down.

  --incident ID      the incident, such as INC-2026-0042
  --title TEXT       what is wrong, 1 to 150 characters
  --severity LEVEL   SEV1, SEV2, SEV3 or SEV4, to be shown with the title
  --topic TEXT       the channel's topic, at most 250 characters (default: incident, severity and title)
  --message TEXT     added to the first message, at most 1000 characters
  --invite IDS       Slack member ids with commas between, such as U012AB3CD,U045EF6GH
  --private          open a private channel
  --dry-run          show the requests and send nothing; needs no token
  --help             show this text

Environment:
  SLACK_BOT_TOKEN     the bot's token (required); scopes channels:manage and chat:write, groups:write for --private
  SLACK_API_URL       default $DEFAULT_URL
  TOCSIN_ATTEMPTS     how often to try at most (default 4)
  TOCSIN_TIMEOUT      seconds that one attempt may take (default 10)
  TOCSIN_RETRY_DELAY  seconds before the second attempt, then doubled (default 1)
  TOCSIN_RETRY_CAP    the longest wait in seconds, also where the service asks for more (default 30)

Exit status: 0 done; 2 wrong call or settings; 3 refused by Slack, trying again won't help; 4 no valid answer after all
attempts; 5 a channel of that name exists already; 6 the channel is open, but topic, invitations or message failed.
One line on stderr says why.
EOF
}

# Did Slack do it? Only 200 with "ok": true says so; 429, 5xx, a passing fault and no answer deserve another attempt.
SLACK_ERROR=''
judge() {
  SLACK_ERROR=''
  case $HTTP_STATUS in
    000) return 1 ;;
    200)
      if json_member "$HTTP_BODY" ok && [[ $REPLY == true ]]; then return 0; fi
      ! json_member "$HTTP_BODY" error || SLACK_ERROR=${REPLY//\"/}
      ;;
  esac
  said_by_service
  [[ $HTTP_STATUS != 429 && $HTTP_STATUS != 5?? ]] || return 1
  case $SLACK_ERROR in
    ratelimited | rate_limited | internal_error | fatal_error | service_unavailable | request_timeout) return 1 ;;
  esac
  return 2
}

# call METHOD BODY: as post; on a dry run shows the request instead.
call() {
  if [[ -z $dry_run ]]; then
    post "$url/$1" "$2"
  else
    printf 'POST %s/%s\n%s\n' "$url" "$1" "$2"
  fi
}

# name_of INCIDENT TITLE: sets REPLY to the channel's name: small letters, digits and hyphens.
name_of() {
  local slug
  slug=$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' '-')
  slug=${slug#-}
  slug=${slug:0:SLUG_LENGTH}
  slug=${slug%-}
  REPLY=$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]')${slug:+-$slug}
}

# mrkdwn TEXT: sets REPLY to the text with the three characters escaped that could mention or link in a message.
mrkdwn() {
  local i out=''
  for ((i = 0; i < ${#1}; i++)); do
    case ${1:i:1} in
      '&') out+='&amp;' ;;
      '<') out+='&lt;' ;;
      '>') out+='&gt;' ;;
      *) out+=${1:i:1} ;;
    esac
  done
  REPLY=$out
}

# open_channel: creates the channel; sets channel_id and name.
open_channel() {
  local body="{\"name\":\"$name\",\"is_private\":$is_private}" failure=0
  call conversations.create "$body" || failure=$?
  if ((failure != 0)); then
    [[ $SLACK_ERROR != name_taken ]] || fail $EXIT_NAME_TAKEN "channel $name exists already: look for it in Slack"
    fail $failure "channel $name not opened: $REASON"
  fi
  [[ -z $dry_run ]] || return 0
  if json_member "$HTTP_BODY" channel && json_member "$REPLY" id && [[ $REPLY =~ ^\"([CG][A-Z0-9]+)\"$ ]]; then
    channel_id=${BASH_REMATCH[1]}
    printf '%s %s\n' "$channel_id" "$name"
  else
    fail $EXIT_REFUSED "channel $name: Slack says it is open, but not under which id"
  fi
}

# fill METHOD BODY WHAT: one thing to do in the open channel; a failure is noted, and the rest goes on.
fill() {
  call "$1" "$2" || case $SLACK_ERROR in
    already_in_channel | cant_invite_self) ;;
    *) problems+="${problems:+; }$3: $REASON" ;;
  esac
}

incident='' title='' severity='' topic='' message='' invite='' is_private=false dry_run=''
while (($# > 0)); do
  case $1 in
    --help) usage && exit 0 ;;
    --dry-run) dry_run=yes && shift && continue ;;
    --private) is_private=true && shift && continue ;;
    --incident | --title | --severity | --topic | --message | --invite) needs_value "$@" ;;
    *) fail $EXIT_USAGE "unknown argument '$1'; see --help" ;;
  esac
  case $1 in
    --incident) incident=$2 ;;
    --title) title=$2 ;;
    --severity) severity=$2 ;;
    --topic) topic=$2 ;;
    --message) message=$2 ;;
    --invite) invite=$2 ;;
  esac
  shift 2
done

[[ $incident =~ ^INC-[0-9]{4}-[0-9]{4,9}$ ]] ||
  fail $EXIT_USAGE "--incident: must be such as INC-2026-0042, got '$incident'"
text_of --title 150 "$title"
[[ $severity =~ ^(SEV[1-4])?$ ]] || fail $EXIT_USAGE "--severity: must be SEV1, SEV2, SEV3 or SEV4, got '$severity'"
[[ $invite =~ ^([UW][A-Z0-9]{1,20}(,[UW][A-Z0-9]{1,20}){0,49})?$ ]] ||
  fail $EXIT_USAGE "--invite: must be at most 50 Slack member ids with commas between, such as U012AB3CD,U045EF6GH"
text_of --topic 250 "${topic:-$incident${severity:+ $severity}: $title}"
topic_json=$REPLY
[[ -z $message ]] || text_of --message 1000 "$message"
newline=$'\n'
mrkdwn "$title${message:+$newline$message}"
json_string "*$incident*${severity:+ $severity}: $REPLY"
message_json=$REPLY
name_of "$incident" "$title"
name=$REPLY
url=${SLACK_API_URL:-$DEFAULT_URL}
check_url SLACK_API_URL "$url"
url=${url%/}

channel_id='(the new channel)' problems=''
if [[ -z $dry_run ]]; then
  use_secret SLACK_BOT_TOKEN "${SLACK_BOT_TOKEN:-}" "a bot token"
  BEARER_TOKEN=$SECRET
  command -v curl >/dev/null || fail $EXIT_USAGE "curl: not installed"
fi

open_channel
fill conversations.setTopic "{\"channel\":\"$channel_id\",\"topic\":$topic_json}" topic
for user in ${invite//,/ }; do
  fill conversations.invite "{\"channel\":\"$channel_id\",\"users\":\"$user\"}" "invitation of $user"
done
fill chat.postMessage "{\"channel\":\"$channel_id\",\"text\":$message_json}" "first message"
[[ -z $problems ]] || fail $EXIT_INCOMPLETE "channel $name is open, but not complete: $problems"
