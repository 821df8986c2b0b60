import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, beforeEach, test } from "node:test";
import { makeApp } from "./app.mjs";

const { TICKTICK_SANDBOX_URL, TICKTICK_SANDBOX_KEY } = process.env;
assert(TICKTICK_SANDBOX_URL, "Run it by: ticktick-sandbox exec --autopilot -- npm test");

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;

let app;
let time; // what the app takes for the time

const server = createServer((req, res) => app(req, res)).listen(0, "localhost");
await once(server, "listening");
const url = `http://localhost:${server.address().port}`;
after(() => server.close());

beforeEach(async () => {
  time = Date.parse("2026-01-05T09:00:00Z");
  app = makeApp({ url, now: () => time });
  await sandbox("reset", {});
  await sandbox("verifier", { verifier_url: `${url}/auth/verify` });
});

// What a person does at TickTick, and what a test looks at: /_sandbox/openapi.json.
async function sandbox(name, body) {
  const response = await fetch(`${TICKTICK_SANDBOX_URL}/_sandbox/${name}`, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${TICKTICK_SANDBOX_KEY}` },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert(response.ok, text);
  return text && JSON.parse(text);
}

// A browser at the app: signed in as this user, with the cookie that says so.
async function signIn(user) {
  const response = await fetch(`${url}/sign-in`, {
    method: "POST",
    body: new URLSearchParams({ user }),
    redirect: "manual",
  });
  const cookie = response.headers.get("set-cookie").split(";")[0];
  const ask = (path, options) =>
    fetch(url + path, { ...options, headers: { Cookie: cookie }, redirect: "manual" });
  return {
    cookie,
    get: (path) => ask(path),
    post: (path, fields = {}) =>
      ask(path, { method: "POST", body: new URLSearchParams(fields) }),
    connect: async () => (await (await ask("/connect", { method: "POST" })).json()).url,
    state: async () => (await (await ask("/connection")).json()).state,
    titles: async () => (await (await ask("/tasks")).json()).map((task) => task.title),
  };
}

async function titlesAtTickTick(email = "") {
  return (await sandbox(`tasks?email=${email}`)).map((task) => task.title);
}

test("a user connects TickTick and adds a task", async () => {
  const alice = await signIn("alice");
  assert.equal(await alice.state(), "not_connected");
  assert.equal((await alice.get("/tasks")).status, 409);

  const link = await alice.connect();
  assert.equal(await alice.state(), "pending");

  const end = await sandbox("consent", { link, cookie: alice.cookie });
  assert.equal(end.url, `${url}/`);
  assert.equal(end.heading, "Your tasks");
  assert.equal(await alice.state(), "connected");

  assert.equal((await alice.post("/tasks", { title: "Water the <plants>" })).status, 303);
  assert((await alice.titles()).includes("Water the <plants>"));
  assert((await titlesAtTickTick()).includes("Water the <plants>"));

  // Looking and adding used the one token that Arcade keeps.
  assert.equal(await alice.connect(), `${url}/`);
  assert.equal((await alice.post("/tasks", { title: " " })).status, 400);
  const exchanges = await sandbox("exchanges");
  assert.equal(exchanges.filter((each) => each.url.endsWith("/oauth/token")).length, 1);
});

test("a user who says no is not connected, and may still say yes", async () => {
  const alice = await signIn("alice");
  const link = await alice.connect();
  await sandbox("deny", { link, cookie: alice.cookie });
  assert.equal(await alice.state(), "pending");
  assert.equal((await alice.post("/tasks", { title: "Unwanted" })).status, 409);
  assert(!(await titlesAtTickTick()).includes("Unwanted"));

  await sandbox("consent", { link: await alice.connect(), cookie: alice.cookie });
  assert.equal(await alice.state(), "connected");
});

test("a link is over after ten minutes, and a new one can be asked for", async () => {
  const alice = await signIn("alice");
  const link = await alice.connect();
  time += 10 * MINUTE - 1;
  assert.equal(await alice.state(), "pending");
  time += 1;
  assert.equal(await alice.state(), "expired");

  const end = await sandbox("consent", { link, cookie: alice.cookie });
  assert.equal(end.heading, "This link is over");
  assert.equal(await alice.state(), "not_connected");

  await sandbox("consent", { link: await alice.connect(), cookie: alice.cookie });
  assert.equal(await alice.state(), "connected");
});

test("nobody sees the tasks of somebody else", async () => {
  const alice = await signIn("alice");
  await sandbox("consent", { link: await alice.connect(), cookie: alice.cookie });
  await alice.post("/tasks", { title: "A present for Ben" });

  const { email } = await sandbox("users", { name: "Ben" });
  const ben = await signIn("ben");
  assert.equal((await ben.get("/tasks")).status, 409);
  await sandbox("consent", { link: await ben.connect(), email, cookie: ben.cookie });
  await ben.post("/tasks", { title: "A present for Alice" });

  assert(!(await ben.titles()).includes("A present for Ben"));
  assert(!(await alice.titles()).includes("A present for Alice"));
  assert((await titlesAtTickTick(email)).includes("A present for Alice"));
});

test("the link of somebody else is refused", async () => {
  const { email } = await sandbox("users", { name: "Mallory" });
  const alice = await signIn("alice");
  const mallory = await signIn("mallory");
  const link = await mallory.connect();
  const flowId = new URL(link).searchParams.get("state");

  // Alice before she asks for a link of her own, one who is not signed in, Alice afterwards.
  for (const cookie of [alice.cookie, undefined, alice.cookie]) {
    const end = await sandbox("consent", { link, cookie });
    assert.equal(end.status, 400);
    assert.equal(end.heading, "Not your authorization");

    // Nor can Mallory confirm what somebody else has allowed.
    assert.equal((await mallory.get(`/auth/verify?flow_id=${flowId}`)).status, 400);
    assert.equal(await mallory.state(), "pending");
    await alice.connect();
    assert.equal(await alice.state(), "pending");
  }

  await sandbox("consent", { link, email, cookie: mallory.cookie });
  assert.equal(await mallory.state(), "connected");
});

test("a user who disconnects is asked anew", async () => {
  const alice = await signIn("alice");
  const ben = await signIn("ben");
  const { email } = await sandbox("users", { name: "Ben" });
  const first = await alice.connect();
  await sandbox("consent", { link: first, cookie: alice.cookie });
  await sandbox("consent", { link: await ben.connect(), email, cookie: ben.cookie });

  assert.equal((await alice.post("/disconnect")).status, 303);
  assert.equal(await alice.state(), "not_connected");
  assert.equal((await alice.get("/tasks")).status, 409);
  assert.equal(await ben.state(), "connected");

  const second = await alice.connect();
  assert.notEqual(second, first);
  await sandbox("consent", { link: second, cookie: alice.cookie });
  assert.equal(await alice.state(), "connected");
});

test("after 180 days the user is not connected, and connects again", async () => {
  const alice = await signIn("alice");
  await sandbox("consent", { link: await alice.connect(), cookie: alice.cookie });
  await sandbox("clock", { days: 179 });
  time += 179 * DAY;
  assert.equal(await alice.state(), "connected");

  await sandbox("clock", { days: 1 });
  time += DAY;
  assert.equal(await alice.state(), "not_connected");
  assert.equal((await alice.get("/tasks")).status, 409);

  await sandbox("consent", { link: await alice.connect(), cookie: alice.cookie });
  assert.equal(await alice.state(), "connected");
});

test("a name is shown as text", async () => {
  const eve = await signIn("<script>alert(1)</script>");
  const html = await (await eve.get("/")).text();
  assert(html.includes("&lt;script&gt;alert(1)&lt;/script&gt;"));
  assert(!html.includes("<script>alert(1)"));
});

test("a user takes the access back at TickTick", async () => {
  const alice = await signIn("alice");
  await sandbox("consent", { link: await alice.connect(), cookie: alice.cookie });
  await sandbox("revoke", {});
  assert.equal(await alice.state(), "connected"); // as Arcade knows it
  assert.equal((await alice.get("/tasks")).status, 409);
  assert.equal(await alice.state(), "not_connected");
});
