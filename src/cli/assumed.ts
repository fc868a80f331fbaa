/**
 * What is assumed of a person's own program and machine, where these were named and decide much of what is lost: what a
 * message costs the reader, which no configuration of a program says, and what things cost the kernel.
 */
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

/** The same of the buffer, which is then that of the stress test. */
function assumedBuffer({ kernel, listeners }: Overrides): string[] {
  const { serviceNanoseconds, bufferBytes, poll } = listeners?.[0] ?? {};
  if (kernel === undefined || serviceNanoseconds === undefined || bufferBytes !== undefined || poll) return [];
  return [
    "--buffer is not given: 2048 bytes are the stress test's; a program that asks for none has what --buffer 104k gives",
  ];
}

/** A note where a person's kernel and reader were given and the machine was not. */
export function assumedMachine({ kernel, listeners, machine, costs }: Overrides): string[] {
  const isOwn = kernel !== undefined && (listeners?.[0]?.serviceNanoseconds !== undefined || listeners?.[0]?.preset);
  if (!isOwn || machine !== undefined || costs !== undefined) return [];
  return [
    "--machine is not given: the kernel has the costs of the slow machine that the model was recorded on; a server of today is " +
      "two to five times as fast, so that bursts are sharper and more is lost: --machine present",
  ];
}

/** All of them, of one run. */
export function assumptions(given: Overrides, scenario: Scenario): string[] {
  return [...assumedReader(given, scenario), ...assumedBuffer(given), ...assumedMachine(given)];
}
