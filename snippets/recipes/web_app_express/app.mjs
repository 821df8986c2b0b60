// A web app whose users connect their TickTick account through Arcade.
//
// A real app adds what this one leaves out: a real sign-in, with passwords or single sign-on;
// CSRF tokens in its forms; and a store outside this process for sessions and for `asked`.
import { randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";
import { Arcade, BadRequestError } from "@arcadeai/arcadejs";
import express from "express";

const PROVIDER = "arcade-ticktick";
const SCOPES = ["tasks:read", "tasks:write"];
const TICKTICK = "https://api.ticktick.com/open/v1";
const LINK_LASTS = 10 * 60 * 1000; // milliseconds

// url: where browsers find this app; now: the time in milliseconds.
export function makeApp({ url, now = Date.now }) {
  const client = new Arcade();
  const sessions = new Map(); // the user by session id
  const asked = new Map(); // when a link was handed to this user, until it has been used
  const app = express();
  app.use(express.urlencoded({ extended: false }));

  function signedInUser(req) {
    const cookie = /(?:^|; )app_session=([^;]*)/.exec(req.headers.cookie ?? "");
    return cookie ? sessions.get(cookie[1]) : undefined;
  }

  // Asking again is how an app looks: where the user has consented, Arcade answers "completed",
  // with a token, and otherwise with the link, which stays the same until it is used.
  async function authorization(user) {
    const auth = await client.auth.authorize({
      user_id: user,
      auth_requirement: {
        provider_id: PROVIDER,
        provider_type: "oauth2",
        oauth2: { scopes: SCOPES },
      },
      next_uri: `${url}/`,
    });
    if (auth.status === "completed") asked.delete(user);
    return auth;
  }

  function linkIsOver(user) {
    return !asked.has(user) || now() - asked.get(user) >= LINK_LASTS;
  }

  async function connectionState(user) {
    const auth = await authorization(user);
    if (auth.status === "completed") return "connected";
    if (!asked.has(user)) return "not_connected";
    return linkIsOver(user) ? "expired" : "pending";
  }

  async function disconnect(user) {
    asked.delete(user);
    const mine = { provider_id: PROVIDER, user_id: user };
    for await (const connection of client.admin.userConnections.list(mine)) {
      // Looked at once more: one that is deleted by mistake is another user's.
      if (connection.user_id === user && connection.provider_id === PROVIDER) {
        await client.admin.userConnections.delete(connection.id);
      }
    }
  }

  app.get("/sign-in", (req, res) => {
    res.send(page("Sign in", `
      <form method="post">
      <p><label>Name <input name="user" autocomplete="username" required></label></p>
      <p><button>Sign in</button></p>
      </form>`));
  });

  app.post("/sign-in", (req, res) => {
    const user = String(req.body?.user ?? "").trim();
    if (!user) return res.status(400).send(page("Who are you?", "<p>Give a name.</p>"));
    const sessionId = randomUUID();
    sessions.set(sessionId, user);
    const secure = url.startsWith("https:");
    res.cookie("app_session", sessionId, { httpOnly: true, sameSite: "lax", secure });
    res.redirect(303, "/");
  });

  // Arcade sends the browser here after the consent: who is signed in, in this browser?
  app.get("/auth/verify", async (req, res) => {
    const user = signedInUser(req);
    const over = linkIsOver(user);
    let confirmed;
    try {
      // Arcade is told in any case, and a stranger is nobody: as long as it has no answer, the
      // one who sent the link around could come here and take over what somebody else allowed.
      // That a wrong answer uses the consent up is so in the sandbox; of Arcade it is not known.
      confirmed = await client.auth.confirmUser({
        flow_id: String(req.query.flow_id),
        user_id: user ?? `nobody-${randomUUID()}`,
      });
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error;
      return res.status(400).send(page("Not your authorization", `
        <p>You are ${user ? `signed in as ${escapeHtml(user)}` : "not signed in"}, and this
        authorization is not yours, or it is over. Nothing was connected. If somebody sent you the
        link, don't trust them.</p>
        <p><a href="/">Go on</a></p>`));
    }
    if (over) {
      await disconnect(user);
      return res.status(400).send(page("This link is over", `
        <p>It was good for ten minutes. Nothing was connected.</p>
        <p><a href="/">Ask for a new one</a></p>`));
    }
    res.redirect(303, confirmed.next_uri ?? "/");
  });

  // Whatever is below needs a user.
  app.use((req, res, next) => {
    req.user = signedInUser(req);
    if (req.user) return next();
    if (req.path === "/") return res.redirect(303, "/sign-in");
    res.status(401).json({ error: "not signed in" });
  });

  app.get("/", async (req, res) => {
    const state = await connectionState(req.user);
    res.send(page("Your tasks", `
      <p>You are signed in as ${escapeHtml(req.user)}.</p>
      ${state === "connected" ? CONNECTED : NOT_CONNECTED[state]}`));
  });

  app.post("/connect", async (req, res) => {
    const auth = await authorization(req.user);
    if (auth.status === "completed") return res.json({ url: `${url}/` });
    asked.set(req.user, now());
    res.json({ url: auth.url });
  });

  app.get("/connection", async (req, res) => {
    res.json({ state: await connectionState(req.user) });
  });

  app.post("/disconnect", async (req, res) => {
    await disconnect(req.user);
    res.redirect(303, "/");
  });

  // Whatever is below needs a token, too.
  app.use("/tasks", async (req, res, next) => {
    const auth = await authorization(req.user);
    if (auth.status !== "completed") return res.status(409).json({ error: "not connected" });
    req.authorization = `Bearer ${auth.context.token}`;
    next();
  });

  // The user took it back at TickTick, which Arcade can't know.
  async function accessIsGone(req, res) {
    await disconnect(req.user);
    res.status(409).json({ error: "not connected" });
  }

  app.get("/tasks", async (req, res) => {
    const response = await fetch(`${TICKTICK}/project/inbox/data`, {
      headers: { Authorization: req.authorization },
    });
    if (response.status === 401) return accessIsGone(req, res);
    if (!response.ok) throw new Error(`TickTick answered ${response.status}`);
    const inbox = await response.json();
    res.json(inbox.tasks);
  });

  app.post("/tasks", async (req, res) => {
    const title = String(req.body?.title ?? "").trim();
    if (!title) return res.status(400).json({ error: "a task needs a title" });
    const response = await fetch(`${TICKTICK}/task`, {
      method: "POST",
      headers: { Authorization: req.authorization, "Content-Type": "application/json" },
      body: JSON.stringify({ title }),
    });
    if (response.status === 401) return accessIsGone(req, res);
    if (!response.ok) throw new Error(`TickTick answered ${response.status}`);
    res.redirect(303, "/");
  });

  return app;
}

function escapeHtml(text) {
  return String(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

const CONNECT = `
  <p><button id="connect">Connect TickTick</button></p>
  <script>
    document.getElementById("connect").onclick = async () => {
      const response = await fetch("/connect", { method: "POST" });
      location.href = (await response.json()).url;
    };
  </script>`;

const NOT_CONNECTED = {
  not_connected: CONNECT,
  expired: `<p>The link is over.</p>${CONNECT}`,
  pending: `
    <p>TickTick has not been connected yet.</p>
    ${CONNECT}
    <script>
      setInterval(async () => {
        const response = await fetch("/connection");
        if ((await response.json()).state !== "pending") location.reload();
      }, 2000);
    </script>`,
};

const CONNECTED = `
  <ul id="tasks"></ul>
  <form method="post" action="/tasks">
  <p><label>Task <input name="title" required></label> <button>Add</button></p>
  </form>
  <form method="post" action="/disconnect">
  <p><button>Disconnect TickTick</button></p>
  </form>
  <script>
    fetch("/tasks").then((response) => response.json()).then((tasks) => {
      for (const task of tasks) {
        const item = document.createElement("li");
        item.textContent = task.title;
        document.getElementById("tasks").append(item);
      }
    });
  </script>`;

function page(heading, html) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading}</title>
</head>
<body>
<main>
<h1>${heading}</h1>
${html}
</main>
</body>
</html>
`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const port = process.env.PORT ?? 3000;
  const url = process.env.APP_URL ?? `http://localhost:${port}`;
  makeApp({ url }).listen(port, () => console.log(`Open ${url}`));
}
