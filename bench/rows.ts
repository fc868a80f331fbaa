/** Every row of the table, in its order. */
export const ROWS = [
  "flush-million",
  "flush-ten-million",
  "flood-udp",
  "flood-tcp",
  "flood-udp-ten-packets",
  "seed-run",
  "seed-command",
  "start-up",
  "live",
  "watching",
  "queue-with-latch",
  "many-runs",
] as const;
