// Run in Node by the build: has the browser's Python compile what every notebook imports.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, script] = process.argv.slice(2);
try {
  const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
  const python = await loadPyodide();
  const { packages } = JSON.parse(readFileSync(`${folder}/pyodide-lock.json`));
  await python.loadPackage(Object.keys(packages), { messageCallback() {} });
  python.mountNodeFS("/out", folder);
  python.runPython(`${readFileSync(script)}`);
} catch (problem) {
  console.error(problem.message || problem.type); // Node itself would print all of Pyodide
  process.exitCode = 1;
}
