import { Arcade } from "@arcadeai/arcadejs";

const client = new Arcade();
const userId = process.env.ARCADE_USER_ID;

let auth = await client.auth.start(userId, "arcade-ticktick", {
  scopes: ["tasks:read", "tasks:write"],
});
if (auth.status !== "completed") {
  console.log("Open this link and click Allow:");
  console.log(auth.url);
}

auth = await client.auth.waitForCompletion(auth);

const ticktick = "https://api.ticktick.com/open/v1";
const authorization = `Bearer ${auth.context.token}`;

let response = await fetch(`${ticktick}/project`, {
  headers: { Authorization: authorization },
});
if (!response.ok) throw new Error(`TickTick answered ${response.status}`);
for (const project of await response.json()) {
  console.log(project.name);
}

response = await fetch(`${ticktick}/task`, {
  method: "POST",
  headers: { Authorization: authorization, "Content-Type": "application/json" },
  body: JSON.stringify({ title: "Try Arcade from JavaScript" }),
});
if (!response.ok) throw new Error(`TickTick answered ${response.status}`);
const task = await response.json();
console.log("Created:", task.title);
