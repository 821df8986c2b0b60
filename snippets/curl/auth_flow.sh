#!/usr/bin/env bash
set -euo pipefail

command -v jq >/dev/null || { echo "This program needs jq: https://jqlang.org/download/" >&2; exit 1; }
: "${ARCADE_API_KEY:?set it to your Arcade API key}"
: "${ARCADE_USER_ID:?set it to the e-mail address of your Arcade account}"
arcade="${ARCADE_BASE_URL:-https://api.arcade.dev}"
ticktick="https://api.ticktick.com/open/v1"

# Usage: call TOKEN URL [OPTION ...]
# curl reads the token from its input, so that it never stands on the process list.
call() {
  local answer
  answer="$(curl -sS --fail-with-body -H @- "${@:2}" <<<"Authorization: Bearer $1")" || {
    echo "$answer" >&2
    return 1
  }
  echo "$answer"
}

wanted="$(jq -n --arg user_id "$ARCADE_USER_ID" '{
  user_id: $user_id,
  auth_requirement: {
    provider_id: "arcade-ticktick",
    provider_type: "oauth2",
    oauth2: {scopes: ["tasks:read", "tasks:write"]}
  }
}')"
auth="$(call "$ARCADE_API_KEY" "$arcade/v1/auth/authorize" \
  -H "Content-Type: application/json" -d "$wanted")"
id="$(jq -r .id <<<"$auth")"
status="$(jq -r .status <<<"$auth")"

if [ "$status" != completed ]; then
  echo "Open this link and click Allow:"
  jq -r .url <<<"$auth"
fi

while [ "$status" != completed ]; do
  auth="$(call "$ARCADE_API_KEY" "$arcade/v1/auth/status?id=$id&wait=45")"
  status="$(jq -r .status <<<"$auth")"
  [ "$status" != failed ] || { echo "The authorization failed." >&2; exit 1; }
done

token="$(jq -r .context.token <<<"$auth")"

call "$token" "$ticktick/project" | jq -r '.[].name'

task="$(call "$token" "$ticktick/task" \
  -H "Content-Type: application/json" -d '{"title": "Try Arcade with curl"}')"
echo "Created: $(jq -r .title <<<"$task")"
