#!/usr/bin/env bash
# A test with curl. It needs jq, and curl 7.82 or newer for --json.
set -euo pipefail
: "${TICKTICK_SANDBOX_URL:?run it by: ticktick-sandbox exec --autopilot -- bash test_flow.sh}"

# What a test does in place of a person. Usage: sandbox ACTION BODY
sandbox() {
  curl -sS --fail-with-body -H @- --json "$2" "$TICKTICK_SANDBOX_URL/_sandbox/$1" \
    <<<"Authorization: Bearer $TICKTICK_SANDBOX_KEY"
}

# What is tested: that Arcade hands out a token when it should.
authorize() {
  local wanted='{"user_id": "'$ARCADE_USER_ID'", "auth_requirement": {"id": "arcade-ticktick"}}'
  curl -sS --fail-with-body -H @- --json "$wanted" "$ARCADE_BASE_URL/v1/auth/authorize" \
    <<<"Authorization: $ARCADE_API_KEY"
}

sandbox reset '{}'
link="$(authorize | jq -r .url)"
sandbox consent "$(jq -n --arg link "$link" '{link: $link}')" | jq -r .heading
authorize | jq -e '.status == "completed"'

sandbox clock '{"days": 180}' | jq -r .now
authorize | jq -e '.status == "pending"'
