// What JupyterLite's kernel loads in place of pyodide.mjs. While the kernel's Python starts, so
// does the sandbox's, in a worker that ends with the kernel.
import { loadPyodide as load } from "./pyodide.mjs";

export async function loadPyodide(options) {
  const python = await load(options);
  python.pyimport("ticktick_sandbox.pyodide.kernel");
  return python;
}

let id, worker;

function loadSandbox() {
  id = crypto.randomUUID().slice(0, 8);
  worker = new Worker(new URL(`worker.mjs?${id}`, import.meta.url), { type: "module" });
}

globalThis.ticktickSandbox = {
  begin() {
    if (!worker) loadSandbox();
    return new URL(`../sandbox/${id}`, import.meta.url).href;
  },
  end() {
    worker.terminate();
    worker = null;
  },
};
loadSandbox();
