/** What a message costs the reader is in no configuration of a program, and decides most of what is lost. */
import type { Overrides } from "../scenario/defaults.js";
import type { Scenario } from "../scenario/scenario.js";
import { formatDuration } from "../scenario/units.js";

/** A note where a program was named and its pace was not; `given`: by flags and files. */
export function assumedReader(given: Overrides, { listeners: [first] }: Scenario): string[] {
  const { preset, serviceNanoseconds, poll } = first!;
  const isSilent = given.listeners?.[0]?.serviceNanoseconds !== undefined || poll?.withEvents === false;
  if (!given.listeners?.[0]?.preset || isSilent) return [];
  return [
    `--reader is not given: that a message takes ${preset} ${formatDuration(serviceNanoseconds)} is assumed; ` +
      "ct-reliable measure -- COMMAND measures it",
  ];
}
