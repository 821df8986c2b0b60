// The worker of one start of the sandbox. It holds a lock of its name for as long as it lives.
import { loadPyodide } from "./pyodide.mjs";

const name = new URL(`../sandbox/${location.search.slice(1)}`, import.meta.url).pathname;
const channel = new BroadcastChannel(name);
const python = loadPyodide({ packages: ["ticktick-sandbox"] }).then((pyodide) =>
  pyodide.pyimport("ticktick_sandbox.pyodide.worker").begin(location.origin + name));

channel.onmessage = async ({ data: { key, ask } }) => {
  if (!ask) return;
  try {
    const answer = await python;
    channel.postMessage({ key, answer: await answer(ask) });
  } catch (problem) {
    console.error(problem);
    const head = { status: 500, headers: [["content-type", "text/plain"]] };
    const text = `${JSON.stringify(head)}\nThe sandbox broke: ${problem}`;
    channel.postMessage({ key, answer: new TextEncoder().encode(text) });
  }
};
navigator.locks.request(name, () => new Promise(() => {}));
