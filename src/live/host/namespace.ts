/**
 * A network namespace of its own for a run: whether this machine allows one, and a process inside it. unshare of
 * util-linux makes it, with a user namespace so that root is not needed, or without where only root may. The
 * namespace and all that is in it go when the last process leaves it, however it ends; the process inside ends when its
 * parent does.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { LiveImpossibleError } from "./impossible.js";

const WITH_USER = ["--user", "--map-root-user", "--net"];
const AS_ROOT = ["--net"];

/** The namespace that the parent is in, told to the child so that it can be sure to be elsewhere. */
const PARENT_NAMESPACE = "CT_RELIABLE_PARENT_NAMESPACE";
const PARENT_PROCESS = "CT_RELIABLE_PARENT_PROCESS";

function currentNamespace(): string {
  return readlinkSync("/proc/self/ns/net");
}

/** @throws LiveImpossibleError where this machine allows no namespace */
export function requireNamespaces(): void {
  workingArguments();
}

/** The arguments with which unshare makes a namespace here. */
function workingArguments(): readonly string[] {
  const ways = process.getuid?.() === 0 ? [WITH_USER, AS_ROOT] : [WITH_USER];
  let reason = "";
  for (const way of ways) {
    const { status, error, stderr } = spawnSync("unshare", [...way, "true"], { encoding: "utf8" });
    if (status === 0) return way;
    if (error !== undefined && "code" in error && error.code === "ENOENT") {
      throw new LiveImpossibleError("live mode needs the program unshare, which is not on PATH: install util-linux");
    }
    reason = (error?.message ?? stderr).trim().split("\n")[0] ?? "";
  }
  throw new LiveImpossibleError(
    `live mode is not possible here, because this machine allows no network namespace (${reason}): run it as root, allow ` +
      "unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, " +
      "kernel.apparmor_restrict_unprivileged_userns=0), or in a container with --security-opt seccomp=unconfined",
  );
}

/**
 * Starts a Node program in a network namespace of its own, with a channel for messages, and with mounts of its own
 * where it wants some. It has no terminal, so that Ctrl-C reaches this process alone.
 */
export function spawnInNamespace(program: string, ownMounts: boolean): ChildProcess {
  const way = workingArguments();
  return spawn("unshare", [...way, ...(ownMounts ? ["--mount"] : []), process.execPath, program], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    detached: true,
    env: {
      ...process.env,
      // What is meant for the user's process, such as a debugger's port, is not for this one.
      NODE_OPTIONS: "",
      [PARENT_NAMESPACE]: currentNamespace(),
      [PARENT_PROCESS]: String(process.pid),
    },
  });
}

/** For the program inside: throws where it is not inside, or its parent is gone already. */
export function requireOwnNamespace(): void {
  const parent = process.env[PARENT_NAMESPACE];
  if (parent === undefined || parent === currentNamespace()) {
    throw new LiveImpossibleError("live mode refuses to run in the network namespace that it was started in");
  }
  if (String(process.ppid) !== process.env[PARENT_PROCESS]) {
    throw new LiveImpossibleError("live mode refuses to run on without the process that started it");
  }
}
