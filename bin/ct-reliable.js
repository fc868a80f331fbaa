#!/usr/bin/env node
// The executable. It hands the process's own streams, environment and signals to the command line in dist/command/ and
// is the one place that ends the process; it decides nothing else.
import { existsSync } from "node:fs";
import module from "node:module";

// From Node 22.1 on what is compiled once is kept for the next start; NODE_DISABLE_COMPILE_CACHE=1 leaves it.
module.enableCompileCache?.();

const USAGE = 2;
const built = new URL("../dist/command/main.js", import.meta.url);

// `ct-reliable … | head` closes the pipe early: that is no error, and there is nobody left to tell.
process.stdout.on("error", (error) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`ct-reliable: expected standard output to take the report, got ${error.message}\n`);
  process.exit(USAGE);
});
process.stderr.on("error", () => {});

if (existsSync(built)) {
  const { main } = await import(built.href);
  // Not process.exit(): what still waits in a pipe is written first.
  process.exitCode = await main(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signals: process,
  });
} else {
  process.stderr.write(
    "ct-reliable: expected the compiled program in dist/, got none: run `npm run build` or `npm ci`\n",
  );
  process.exitCode = USAGE;
}
