// Calls every method of the JavaScript SDK once and checks the shape of each answer.
// Prints the methods that the SDK has, those with a check, and what was wrong, as JSON.

import Arcade from "@arcadeai/arcadejs";
import assert from "node:assert/strict";

const { ARCADE_USER_ID: user_id, FLOW_ID, FLOW_USER_ID, WORKER_URI, WORKER_SECRET } = process.env;

const client = new Arcade({ maxRetries: 0 });

// Shapes: a type, a list of one shape, or members; `?` marks those that may be absent.

const binding = { id: "string", type: "string" };
const secret = { binding: "string", editable: "boolean", exists: "boolean", "value?": "string" };
const page = (item) => ({
  items: [item],
  total_count: "number",
  offset: "number",
  "limit?": "number",
  "page_count?": "number",
});
const authorization = {
  id: "string",
  user_id: "string",
  provider_id: "string",
  status: "string",
  scopes: ["string"],
  context: { "token?": "string", "user_info?": "object" },
  "url?": "string",
};
const oauthRequest = {
  endpoint: "string",
  "method?": "string",
  "auth_method?": "string",
  "auth_header_value_format?": "string",
  "expiration_format?": "string",
  "params?": "object",
  "request_content_type?": "string",
  "response_content_type?": "string",
  "response_map?": "object",
  "triggers?": "object",
  "enabled?": "boolean",
};
const provider = {
  id: "string",
  type: "string",
  status: "string",
  binding,
  created_at: "string",
  updated_at: "string",
  "description?": "string",
  "provider_id?": "string",
  oauth2: {
    client_id: "string",
    client_secret: secret,
    redirect_uri: "string",
    scope_delimiter: "string",
    authorize_request: oauthRequest,
    token_request: oauthRequest,
    "pkce?": { "enabled?": "boolean", "code_challenge_method?": "string" },
    "refresh_request?": oauthRequest,
    "token_introspection_request?": oauthRequest,
    "user_info_request?": oauthRequest,
  },
};
const adminSecret = {
  id: "string",
  key: "string",
  binding,
  created_at: "string",
  updated_at: "string",
  "description?": "string",
  "last_accessed_at?": "any", // null, until a tool was given it
  "hint?": "string", // not in the description, but the `arcade` command shows it
};
const connection = {
  id: "string",
  connection_id: "string",
  connection_status: "string",
  provider_id: "string",
  provider_type: "string",
  scopes: ["string"],
  user_id: "string",
  "provider_description?": "string",
  "provider_user_info?": "any",
};
const value = { val_type: "string", "inner_val_type?": "string", "enum?": ["string"] };
const tool = {
  name: "string",
  qualified_name: "string",
  fully_qualified_name: "string",
  description: "string",
  toolkit: { name: "string", "description?": "string", "version?": "string" },
  input: {
    parameters: [
      {
        name: "string",
        value_schema: value,
        "description?": "string",
        "inferrable?": "boolean",
        "required?": "boolean",
      },
    ],
  },
  "output?": {
    "available_modes?": ["string"],
    "description?": "string",
    "value_schema?": value,
  },
  "requirements?": {
    met: "boolean",
    "authorization?": {
      "id?": "string",
      "provider_id?": "string",
      "provider_type?": "string",
      "oauth2?": { "scopes?": ["string"] },
      "status?": "string",
      "status_reason?": "string",
      "token_status?": "string",
    },
    "secrets?": [{ key: "string", "met?": "boolean", "status_reason?": "string" }],
  },
  "formatted_schema?": "object",
  "metadata?": "object",
};
const formatted = {
  type: "string",
  function: { name: "string", description: "string", parameters: "object" },
};
const execution = {
  id: "string",
  created_at: "string",
  execution_status: "string",
  execution_type: "string",
  run_at: "string",
  tool_name: "string",
  toolkit_name: "string",
  updated_at: "string",
  user_id: "string",
  "toolkit_version?": "string",
  "started_at?": "string",
  "finished_at?": "string",
};
const worker = {
  id: "string",
  type: "string",
  enabled: "boolean",
  managed: "boolean",
  binding,
  http: { uri: "string", secret, timeout: "number", retry: "number" },
  "requirements?": "object",
};

/** Fail unless a value has a shape, and nothing besides. */
function fits(found, shape, where = "answer") {
  if (shape === "any") return;
  if (typeof shape === "string") {
    assert.equal(typeof found, shape, `${where} is ${JSON.stringify(found)}, not a ${shape}`);
    return;
  }
  if (Array.isArray(shape)) {
    assert(Array.isArray(found), `${where} is no list`);
    found.forEach((item, number) => fits(item, shape[0], `${where}[${number}]`));
    return;
  }
  assert.equal(typeof found, "object", `${where} is no object`);
  const optional = (name) => !(name in shape) && `${name}?` in shape;
  for (const name of Object.keys(shape).filter((each) => !each.endsWith("?"))) {
    assert(name in found, `${where}.${name} is missing`);
  }
  for (const [name, member] of Object.entries(found)) {
    const wanted = optional(name) ? shape[`${name}?`] : shape[name];
    assert(wanted, `${where}.${name} is not known`);
    fits(member, wanted, `${where}.${name}`);
  }
}

/** Fail unless the answer is a page of items of this shape, with one at least. */
function fitsPage(found, item) {
  const { items, total_count, offset } = found;
  fits({ items, total_count, offset }, page(item));
  assert(items.length > 0, "the page is empty");
}

const read = { provider_id: "arcade-ticktick", oauth2: { scopes: ["tasks:read"] } };
const oauth2 = {
  client_id: "made-up-client",
  client_secret: "made-up-secret",
  authorize_request: { endpoint: "https://provider.example/authorize" },
  token_request: { endpoint: "https://provider.example/token" },
};
const http = { uri: WORKER_URI, secret: WORKER_SECRET, timeout: 10, retry: 0 };
const listProjects = { tool_name: "Ticktick.ListProjects", user_id };
const later = { ...listProjects, run_at: "2099-01-01T00:00:00Z" };

// In this order, so that what one makes the next can use.
const checks = {
  "health.check": async () => fits(await client.health.check(), { healthy: "boolean" }),

  "auth.start": async () => {
    const scopes = ["tasks:read"];
    const found = await client.auth.start("another-user", "arcade-ticktick", { scopes });
    fits(found, authorization);
    assert.deepEqual([found.status, found.scopes], ["pending", scopes]);
  },
  "auth.authorize": async () => {
    const found = await client.auth.authorize({ user_id, auth_requirement: read });
    fits(found, authorization);
    assert.equal(found.status, "completed");
  },
  "auth.status": async () => {
    const { id } = await client.auth.authorize({ user_id, auth_requirement: read });
    const found = await client.auth.status({ id });
    fits(found, authorization);
    assert.equal(found.status, "completed");
  },
  "auth.waitForCompletion": async () => {
    const { id } = await client.auth.authorize({ user_id, auth_requirement: read });
    const found = await client.auth.waitForCompletion(id);
    fits(found, authorization);
    assert(found.context.token);
  },
  "auth.confirmUser": async () => {
    const found = await client.auth.confirmUser({ flow_id: FLOW_ID, user_id: FLOW_USER_ID });
    fits(found, { auth_id: "string", "next_uri?": "string" });
  },

  "admin.authProviders.create": async () => {
    fits(await client.admin.authProviders.create({ id: "made-up", type: "oauth2", oauth2 }), provider);
  },
  "admin.authProviders.list": async () => {
    const found = await client.admin.authProviders.list();
    fits(found, page(provider));
    assert.equal(found.total_count, 2);
  },
  "admin.authProviders.get": async () => {
    fits(await client.admin.authProviders.get("made-up"), provider);
  },
  "admin.authProviders.patch": async () => {
    const description = "changed";
    const found = await client.admin.authProviders.patch("made-up", { description });
    fits(found, provider);
    assert.equal(found.description, description);
  },
  "admin.authProviders.delete": async () => {
    fits(await client.admin.authProviders.delete("made-up"), provider);
    await assert.rejects(client.admin.authProviders.get("made-up"), Arcade.NotFoundError);
  },

  "workers.create": async () => fits(await client.workers.create({ id: "ticktick", http }), worker),
  "workers.list": async () => fitsPage(await client.workers.list(), worker),
  "workers.get": async () => fits(await client.workers.get("ticktick"), worker),
  "workers.update": async () => {
    const found = await client.workers.update("ticktick", { http: { timeout: 20 } });
    fits(found, worker);
    assert.equal(found.http.timeout, 20);
  },
  "workers.health": async () => {
    const found = await client.workers.health("ticktick");
    fits(found, { id: "string", enabled: "boolean", healthy: "boolean", "message?": "string" });
    assert.equal(found.healthy, true);
  },
  "workers.tools": async () => fitsPage(await client.workers.tools("ticktick"), tool),

  "tools.list": async () => fitsPage(await client.tools.list({ toolkit: "Ticktick" }), tool),
  "tools.get": async () => fits(await client.tools.get("Ticktick.ListProjects"), tool),
  "tools.authorize": async () => {
    const found = await client.tools.authorize(listProjects);
    fits(found, authorization);
    assert.equal(found.status, "completed");
  },
  "tools.execute": async () => {
    const found = await client.tools.execute(listProjects);
    fits(found, {
      id: "string",
      execution_id: "string",
      execution_type: "string",
      finished_at: "string",
      duration: "number",
      status: "string",
      success: "boolean",
      output: { value: "object", "logs?": "any" },
    });
    assert(found.output.value.projects.length > 0);
  },
  "tools.scheduled.list": async () => {
    const { id } = await client.tools.execute(later);
    const found = await client.tools.scheduled.list();
    fitsPage(found, execution);
    assert(found.items.some((item) => item.id === id));
  },
  "tools.scheduled.get": async () => {
    const { id } = await client.tools.execute(later);
    const found = await client.tools.scheduled.get(id);
    fits(found, { ...execution, "input?": "object", "attempts?": ["object"] });
    assert.equal(found.id, id);
  },
  "tools.formatted.list": async () => {
    fitsPage(await client.tools.formatted.list({ format: "openai" }), formatted);
  },
  "tools.formatted.get": async () => {
    const found = await client.tools.formatted.get("Ticktick.ListProjects", { format: "openai" });
    fits(found, formatted);
    assert.equal(found.function.name, "Ticktick_ListProjects");
  },

  "admin.secrets.create": async () => {
    const found = await client.admin.secrets.create("TEAM", { value: "made up", description: "x" });
    fits(found, adminSecret);
    assert.equal(found.key, "TEAM");
  },
  "admin.secrets.list": async () => {
    const found = await client.admin.secrets.list();
    fits(found, page(adminSecret));
    assert.equal(found.total_count, 1);
  },
  "admin.secrets.delete": async () => {
    const { items } = await client.admin.secrets.list();
    await client.admin.secrets.delete(items[0].id);
    assert.deepEqual((await client.admin.secrets.list()).items, []);
  },

  "admin.userConnections.list": async () => {
    fitsPage(await client.admin.userConnections.list({ user_id }), connection);
  },
  "admin.userConnections.delete": async () => {
    const { items } = await client.admin.userConnections.list({ user_id });
    await client.admin.userConnections.delete(items[0].id);
    assert.deepEqual((await client.admin.userConnections.list({ user_id })).items, []);
  },

  "workers.delete": async () => {
    await client.workers.delete("ticktick");
    await assert.rejects(client.workers.get("ticktick"), Arcade.NotFoundError);
  },

  "chat.completions.create": async () => {
    const messages = [{ role: "user", content: "Hello" }];
    const refusal = await client.chat.completions.create({ model: "gpt-4o", messages }).then(
      () => assert.fail("was answered"),
      (problem) => problem,
    );
    assert(refusal instanceof Arcade.APIError, String(refusal));
    assert(refusal.status >= 400 && refusal.status < 500, `status ${refusal.status}`);
    fits(refusal.error, { name: "string", message: "string" });
    assert.match(refusal.error.message, /imitate/);
  },
};

const called = new Set();

/** Return the names of a resource's methods and of those below it; note each call. */
function methodsOf(resource, prefix) {
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(resource));
  const methods = own.filter((name) => name !== "constructor").map((name) => {
    const original = resource[name];
    resource[name] = (...call) => {
      called.add(`${prefix}${name}`);
      return original.apply(resource, call);
    };
    return `${prefix}${name}`;
  });
  const below = Object.entries(resource).filter(([, part]) => part?._client === client);
  return [...methods, ...below.flatMap(([name, part]) => methodsOf(part, `${prefix}${name}.`))];
}

const resources = Object.entries(client).filter(([, part]) => part?._client === client);
const methods = resources.flatMap(([name, part]) => methodsOf(part, `${name}.`));

const problems = {};
for (const [name, check] of Object.entries(checks)) {
  called.clear();
  try {
    await check();
    assert(called.has(name), "the check does not call the method");
  } catch (problem) {
    problems[name] = problem.message;
  }
}
console.log(JSON.stringify({ methods, checks: Object.keys(checks), problems }));
