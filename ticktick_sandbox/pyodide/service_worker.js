// Joined to the front of JupyterLite's own service worker. What lies below sandbox/ is answered
// by the worker of that start; everything else of the site is kept for the next visit.
(() => {
  const SCOPE = registration.scope;
  const SANDBOX = new URL("sandbox/", SCOPE).href;
  const CACHE = `${SCOPE}{build}`;
  const PATIENCE = 30000; // ms; a worker that is busy for longer is asked again
  const OVER = `<!doctype html><title>Over</title><meta name="color-scheme" content="light dark">
    <h1>This page is over</h1><p>Its notebook was closed, reloaded or restarted. Choose Run, Run
    All Cells there.</p>`;

  function ask(name, message) {
    const channel = new BroadcastChannel(name);
    const key = crypto.randomUUID();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE);
      channel.onmessage = ({ data }) => {
        if (data.key !== key || !data.answer) return;
        clearTimeout(timer);
        resolve(data.answer);
      };
      channel.postMessage({ key, ask: message });
    }).finally(() => channel.close());
  }

  async function fromSandbox(request) {
    const [id, place, ...path] = request.url.slice(SANDBOX.length).split("#")[0].split("/");
    const name = new URL(SANDBOX + id).pathname;
    const body = new Uint8Array(await request.arrayBuffer());
    const head = new TextEncoder().encode(JSON.stringify({
      key: crypto.randomUUID(),
      patience: PATIENCE / 2000,
      framed: true,
      method: request.method,
      url: `http://localhost:${place}/${path.join("/")}`,
      headers: [...request.headers],
    }) + "\n");
    const framed = new Uint8Array(await new Blob([head, body]).arrayBuffer());
    const message = place === "exchange" ? body : framed;
    for (;;) {
      const { held } = await navigator.locks.query();
      if (!held.some((lock) => lock.name === name)) {
        return new Response(OVER, { status: 410, headers: { "Content-Type": "text/html" } });
      }
      const answer = await ask(name, message);
      if (place === "exchange") return new Response(answer, { status: answer ? 200 : 504 });
      if (!answer) continue;
      const end = answer.indexOf(10);
      const { status, headers } = JSON.parse(new TextDecoder().decode(answer.subarray(0, end)));
      const empty = status === 204 || status === 304;
      if (status) return new Response(empty ? null : answer.subarray(end + 1), { status, headers });
    }
  }

  async function fromCache(request) {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept) return new Response(kept.body, kept); // without the address it was kept for
    const fresh = await fetch(request);
    if (fresh.status === 200) await cache.put(request, fresh.clone());
    return fresh;
  }

  addEventListener("fetch", (event) => {
    const { method, url } = event.request;
    const ours = url.startsWith(SANDBOX);
    if (!ours && !(method === "GET" && url.startsWith(SCOPE))) return;
    event.stopImmediatePropagation();
    event.respondWith(ours ? fromSandbox(event.request) : fromCache(event.request));
  });

  addEventListener("activate", (event) => event.waitUntil(caches.keys().then((names) =>
    Promise.all(names.filter((name) => name.startsWith(SCOPE) && name !== CACHE)
      .map((name) => caches.delete(name))))));
})();
