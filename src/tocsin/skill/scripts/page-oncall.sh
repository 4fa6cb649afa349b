#!/usr/bin/env bash
# Pages who is on call, through PagerDuty's Events API v2. Needs only bash and curl; --help says how.
set -euo pipefail
# shellcheck source=common.bash
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"

readonly DEFAULT_URL='https://events.pagerduty.com/v2/enqueue'

usage() {
  cat <<EOF
Usage: page-oncall.sh --summary TEXT [OPTION]...
       page-oncall.sh --action acknowledge|resolve --dedup-key KEY

Pages who is on call, through PagerDuty's Events API v2, and prints the dedup key: keep it to acknowledge or resolve.

  --summary TEXT      what is wrong, 1 to 1024 characters (to trigger)
  --severity LEVEL    critical, error, warning or info; SEV1 to SEV4 mean these four (default: critical)
  --source TEXT       what is affected (default: this machine's name)
  --component TEXT    the part of it that is affected
  --details TEXT      whatever else helps, at most 4000 characters
  --link URL          a page to read, such as the incident or the runbook
  --dedup-key KEY     one line of at most 255 characters; one key is one alert, however often it is sent
                      (default: a new one)
  --action ACTION     trigger, acknowledge or resolve (default: trigger)
  --dry-run           show the request and send nothing; needs no key
  --help              show this text

Environment:
  PAGERDUTY_ROUTING_KEY  the integration's routing key (required)
  PAGERDUTY_EVENTS_URL   default $DEFAULT_URL
  TOCSIN_ATTEMPTS        how often to try at most (default 4)
  TOCSIN_TIMEOUT         seconds that one attempt may take (default 10)
  TOCSIN_RETRY_DELAY     seconds before the second attempt, then doubled (default 1)
  TOCSIN_RETRY_CAP       the longest wait in seconds, also where the service asks for more (default 30)

Exit status: 0 accepted; 2 wrong call or settings; 3 refused by the service, trying again won't help;
4 no valid answer after all attempts: page by another way. One line on stderr says why.
EOF
}

# Is the event accepted? Only 202 with status "success" is; 429, 5xx and no answer deserve another attempt.
judge() {
  case $HTTP_STATUS in
    000) return 1 ;;
    202) if json_member "$HTTP_BODY" status && [[ $REPLY == '"success"' ]]; then return 0; fi ;;
  esac
  said_by_service
  [[ $HTTP_STATUS != 429 && $HTTP_STATUS != 5?? ]] || return 1
  return 2
}

# severity_of LEVEL: sets REPLY to PagerDuty's word for it.
severity_of() {
  case $1 in
    critical | error | warning | info) REPLY=$1 ;;
    SEV1) REPLY=critical ;;
    SEV2) REPLY=error ;;
    SEV3) REPLY=warning ;;
    SEV4) REPLY=info ;;
    *) fail $EXIT_USAGE "--severity: must be critical, error, warning, info or SEV1 to SEV4, got '$1'" ;;
  esac
}

# trigger_members: sets REPLY to the members that only a trigger has.
trigger_members() {
  local members
  text_of --summary 1024 "$summary"
  members="\"summary\":$REPLY"
  severity_of "$severity"
  members+=",\"severity\":\"$REPLY\""
  text_of --source 255 "$source"
  members+=",\"source\":$REPLY"
  if [[ -n $component ]]; then
    text_of --component 255 "$component"
    members+=",\"component\":$REPLY"
  fi
  if [[ -n $details ]]; then
    text_of --details 4000 "$details"
    members+=",\"custom_details\":{\"details\":$REPLY}"
  fi
  members="\"payload\":{$members},\"client\":\"page-oncall.sh\""
  if [[ -n $link ]]; then
    check_url --link "$link"
    json_string "$link"
    members+=",\"links\":[{\"href\":$REPLY}]"
  fi
  REPLY=$members
}

# event_of ROUTING_KEY: sets REPLY to the whole event.
event_of() {
  local event
  json_string "$1"
  event="{\"routing_key\":$REPLY,\"event_action\":\"$action\""
  text_of --dedup-key 255 "$dedup_key"
  event+=",\"dedup_key\":$REPLY"
  if [[ $action == trigger ]]; then
    trigger_members
    event+=",$REPLY"
  fi
  REPLY="$event}"
}

action=trigger summary='' severity=critical source=${HOSTNAME:-unknown} component='' details='' link=''
dedup_key='' dry_run=''
while (($# > 0)); do
  case $1 in
    --help) usage && exit 0 ;;
    --dry-run) dry_run=yes && shift && continue ;;
    --action | --summary | --severity | --source | --component | --details | --link | --dedup-key) needs_value "$@" ;;
    *) fail $EXIT_USAGE "unknown argument '$1'; see --help" ;;
  esac
  case $1 in
    --action) action=$2 ;;
    --summary) summary=$2 ;;
    --severity) severity=$2 ;;
    --source) source=$2 ;;
    --component) component=$2 ;;
    --details) details=$2 ;;
    --link) link=$2 ;;
    --dedup-key) dedup_key=$2 ;;
  esac
  shift 2
done

case $action in
  trigger) dedup_key=${dedup_key:-page-oncall-$(date +%s)-$$-$RANDOM} ;;
  acknowledge | resolve) [[ -n $dedup_key ]] || fail $EXIT_USAGE "--dedup-key: needed to $action" ;;
  *) fail $EXIT_USAGE "--action: must be trigger, acknowledge or resolve, got '$action'" ;;
esac
[[ $dedup_key != *[[:cntrl:]]* ]] || fail $EXIT_USAGE "--dedup-key: must be one line without control characters"
url=${PAGERDUTY_EVENTS_URL:-$DEFAULT_URL}
check_url PAGERDUTY_EVENTS_URL "$url"

if [[ -n $dry_run ]]; then
  event_of '***'
  printf 'POST %s\n%s\n' "$url" "$REPLY"
  exit 0
fi

event_of "${PAGERDUTY_ROUTING_KEY:-}"
event=$REPLY
use_secret PAGERDUTY_ROUTING_KEY "${PAGERDUTY_ROUTING_KEY:-}" "a routing key"
command -v curl >/dev/null || fail $EXIT_USAGE "curl: not installed"
post "$url" "$event" || fail $? "not paged: $REASON"
printf '%s\n' "$dedup_key"
