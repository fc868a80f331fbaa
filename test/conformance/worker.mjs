// A worker does not inherit the loader of its parent, so this entry registers it and loads the worker itself.
import { register } from "tsx/esm/api";

register();
await import("./worker.ts");
