// What JupyterLite's kernel loads in place of pyodide.mjs. While the kernel's Python starts, so
// does the sandbox's, in a worker that ends with the kernel.
export { loadPyodide, version } from "./pyodide.mjs";

let id, worker;

function load() {
  id = crypto.randomUUID().slice(0, 8);
  worker = new Worker(new URL(`worker.mjs?${id}`, import.meta.url), { type: "module" });
}

globalThis.ticktickSandbox = {
  begin() {
    if (!worker) load();
    return new URL(`../sandbox/${id}`, import.meta.url).href;
  },
  end() {
    worker.terminate();
    worker = null;
  },
};
load();
