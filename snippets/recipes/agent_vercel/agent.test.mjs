import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MockLanguageModelV3 } from "ai/test";
import { makeAgent } from "./agent.mjs";

const { TICKTICK_SANDBOX_URL, TICKTICK_SANDBOX_KEY } = process.env;
assert(TICKTICK_SANDBOX_URL, "Run it by: ticktick-sandbox exec --autopilot --worker mytools -- npm test");

let model;
let links; // those that the user was shown

beforeEach(async () => {
  await sandbox("reset", {});
  model = scriptedModel("Call the plumber");
  links = [];
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

// In place of a real model: it answers the user with a call of the tool, and then repeats what
// the tool has answered.
function scriptedModel(title) {
  return new MockLanguageModelV3({
    doGenerate: async ({ prompt, tools }) => {
      const last = prompt.at(-1);
      const usage = { inputTokens: {}, outputTokens: {} };
      if (last.role === "tool") {
        const text = JSON.stringify(last.content[0].output.value);
        return {
          content: [{ type: "text", text }],
          finishReason: { unified: "stop" },
          usage,
          warnings: [],
        };
      }
      return {
        content: [
          {
            type: "tool-call",
            toolCallId: `call-${prompt.length}`,
            toolName: tools.find(({ name }) => name.endsWith("CreateTask")).name,
            input: JSON.stringify({ title }),
          },
        ],
        finishReason: { unified: "tool-calls" },
        usage,
        warnings: [],
      };
    },
  });
}

function newAgent() {
  const userId = process.env.ARCADE_USER_ID;
  return makeAgent({ model, userId, showLink: (url) => links.push(url) });
}

async function titlesAtTickTick() {
  return (await sandbox("tasks")).map((task) => task.title);
}

test("the user gets the link, consents, and the agent goes on", async () => {
  const say = await newAgent();
  assert.match(await say("Remind me to call the plumber."), /has to consent first/);
  assert.equal(links.length, 1);
  assert(!(await titlesAtTickTick()).includes("Call the plumber"));

  await sandbox("consent", { link: links[0] });
  assert.match(await say("Done."), /Call the plumber/);
  assert((await titlesAtTickTick()).includes("Call the plumber"));
  assert.equal(links.length, 1);
});

test("the model remembers what was said, and never sees the link", async () => {
  const say = await newAgent();
  await say("Remind me to call the plumber.");
  await say("What was the link?");
  const secondTurn = JSON.stringify(model.doGenerateCalls[2].prompt);
  assert.match(secondTurn, /They have been shown the link/); // in the first

  const seen = JSON.stringify(model.doGenerateCalls.map((call) => call.prompt));
  assert(!seen.includes("/oauth/authorize"));
});

test("nothing waits for the consent", async () => {
  const say = await newAgent();
  await say("Remind me to call the plumber.");
  const asked = (await sandbox("exchanges")).map((each) => new URL(each.url).pathname);
  assert(asked.includes("/v1/tools/authorize"));
  assert(!asked.includes("/v1/auth/status"));
});

test("a user who says no gets no task, and may still say yes", async () => {
  const say = await newAgent();
  await say("Remind me to call the plumber.");
  await sandbox("deny", { link: links[0] });

  assert.match(await say("Done."), /has to consent first/);
  assert.deepEqual(links, [links[0], links[0]]);
  assert(!(await titlesAtTickTick()).includes("Call the plumber"));

  await sandbox("consent", { link: links[1] });
  await say("Now I have.");
  assert((await titlesAtTickTick()).includes("Call the plumber"));
});

test("a second run asks nobody", async () => {
  let say = await newAgent();
  await say("Remind me to call the plumber.");
  await sandbox("consent", { link: links[0] });

  say = await newAgent();
  assert.match(await say("Remind me to call the plumber."), /Call the plumber/);
  assert.equal(links.length, 1);
  assert((await titlesAtTickTick()).includes("Call the plumber"));
});

test("the model learns what went wrong", async () => {
  model = scriptedModel("");
  const say = await newAgent();
  await say("Remind me.");
  await sandbox("consent", { link: links[0] });
  assert.match(await say("Done."), /Failed: /);
});
