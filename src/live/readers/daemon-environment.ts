/** Where distributions put daemons, which is not on every PATH. */
const DAEMON_PATHS = "/usr/local/sbin:/usr/sbin:/sbin";

/** The environment in which a foreign program is started. */
export function daemonEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ""}:${DAEMON_PATHS}` };
}
