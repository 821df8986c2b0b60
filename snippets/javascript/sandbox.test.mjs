import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Arcade } from "@arcadeai/arcadejs";

const userId = process.env.ARCADE_USER_ID;
const scopes = ["tasks:read", "tasks:write"];

const { TICKTICK_SANDBOX_URL, TICKTICK_SANDBOX_KEY } = process.env;
assert(TICKTICK_SANDBOX_URL, "Run it by: ticktick-sandbox exec --autopilot -- node --test");

// What a test does in place of a person, and what it looks at: the sandbox's own API.
async function sandbox(what, body) {
  const response = await fetch(`${TICKTICK_SANDBOX_URL}/_sandbox/${what}`, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${TICKTICK_SANDBOX_KEY}` },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert(response.ok, text);
  return text && JSON.parse(text);
}

beforeEach(() => sandbox("reset", {}));

test("a user allows it, and a task is created", async () => {
  const client = new Arcade();
  let auth = await client.auth.start(userId, "arcade-ticktick", { scopes });
  await sandbox("consent", { link: auth.url });
  auth = await client.auth.waitForCompletion(auth);

  const response = await fetch("https://api.ticktick.com/open/v1/task", {
    method: "POST",
    headers: {
      Authorization: `Bearer ${auth.context.token}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ title: "Water the tomatoes" }),
  });
  assert.equal(response.status, 200);

  const tasks = await sandbox("tasks");
  assert.ok(tasks.some((task) => task.title === "Water the tomatoes"));
});

test("a user says no", async () => {
  const client = new Arcade();
  const auth = await client.auth.start(userId, "arcade-ticktick", { scopes });
  await sandbox("deny", { link: auth.url });

  assert.equal((await client.auth.status({ id: auth.id })).status, "pending");
  const asked = (await sandbox("exchanges")).filter((each) => each.path === "/oauth/token");
  assert.equal(asked.length, 0);
});

test("after 180 days the user is asked again", async () => {
  const client = new Arcade();
  let auth = await client.auth.start(userId, "arcade-ticktick", { scopes });
  await sandbox("consent", { link: auth.url });
  await sandbox("clock", { days: 180 });

  auth = await client.auth.start(userId, "arcade-ticktick", { scopes });
  assert.equal(auth.status, "pending");
});
