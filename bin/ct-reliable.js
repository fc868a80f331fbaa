#!/usr/bin/env node
// The executable. It hands the process's own streams, environment and signals to the command line in dist/command/ and
// is the one place that ends the process; it decides nothing else.
import { existsSync } from "node:fs";
import module from "node:module";

// From Node 22.1 on what is compiled once is kept for the next start; NODE_DISABLE_COMPILE_CACHE=1 leaves it.
module.enableCompileCache?.();

const USAGE = 2;
const built = new URL("../dist/command/main.js", import.meta.url);

// A signal that comes while the command line is still being loaded is kept for the run that will listen.
const heard = new Set();
const hear = (signal) => heard.add(signal);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of SIGNALS) process.on(signal, hear);

const signals = {
  on(signal, listener) {
    // In this order: with no listener for a moment, Node would drop a signal that has come and was not told yet.
    process.on(signal, listener);
    process.off(signal, hear);
    if (heard.has(signal)) listener(signal);
  },
  off: (signal, listener) => process.off(signal, listener),
  whileReading(read) {
    for (const signal of SIGNALS) process.off(signal, hear);
    for (const signal of heard) process.kill(process.pid, signal);
    try {
      return read();
    } finally {
      for (const signal of SIGNALS) process.on(signal, hear);
    }
  },
};

// A reader that leaves early, as `head` does, changes nothing about what was computed, and so not the exit code.
let lost = null;
process.stdout.on("error", (error) => {
  if (error.code === "EPIPE" || heard.size > 0 || lost !== null) return;
  lost = error.message;
  process.stderr.write(`ct-reliable: expected standard output to take the report, got ${error.message}\n`);
  process.exitCode = USAGE;
});
process.stderr.on("error", () => {});

if (existsSync(built)) {
  const { main } = await import(built.href);
  const { stdout, stderr, env } = process;
  const code = await main(process.argv.slice(2), { stdout, stderr, env, signals });
  // Not process.exit(): what still waits in a pipe is written first.
  process.exitCode = lost === null ? code : USAGE;
} else {
  process.stderr.write(
    "ct-reliable: expected the compiled program in dist/, got none: run `npm run build` or `npm ci`\n",
  );
  process.exitCode = USAGE;
}
