/**
 * A receive buffer explained on a screen: one entry per step with its value, its rule and its source, then what comes
 * out and what to change; or one row per release. The words of the steps come with them (sentences.ts). Figures have no
 * commas here: they are pasted into sysctl and setsockopt.
 */

import { requestFor } from "../kernel/netlink/capacity.js";
import { type Cell, GAP, lay, tableWidth } from "../render/text/columns.js";
import { legibleWidth, wrap } from "../render/text/paragraph.js";
import { type Paint, type Theme, themeOf } from "../render/text/theme.js";
import { type BufferExplanation, type BufferStep, flowOf } from "./sentences.js";

export interface ExplanationOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}

/** `kernel`: the version that was asked for. */
export function renderExplanation(
  kernel: string,
  explanation: BufferExplanation,
  { colour, width }: ExplanationOptions,
): string {
  const columns = legibleWidth(width);
  const theme = themeOf(colour);
  const version = kernel === explanation.release ? kernel : `${kernel} (as ${explanation.release})`;
  return screen([
    sentence(`${titleOf(explanation)} on Linux ${version}`, columns, theme.heading),
    stepLines(explanation.steps, columns, theme),
    ...neverBuilt(explanation).map((warning) => sentence(warning, columns, theme.warning)),
    sentence(explanation.result, columns, theme.heading),
    sentence(explanation.advice, columns),
  ]);
}

/** The same request on every release. */
export function renderReleaseTable(
  explanations: readonly BufferExplanation[],
  { colour, width }: ExplanationOptions,
): string {
  const columns = legibleWidth(width);
  const theme = themeOf(colour);
  const first = explanations[0];
  if (first === undefined) return "";
  const tables = [
    rowsOf(explanations, ["asked", "capped", "effective", "truesize", "admission", "messages"], theme),
    rowsOf(explanations, ["effective", "truesize", "admission", "messages"], theme),
    rowsOf(explanations, ["effective", "truesize", "messages"], theme),
  ];
  const rows = tables.find((table) => tableWidth(table, GAP) <= columns) ?? tables.at(-1)!;
  const admission =
    "admission old: a message enters while rmem before it is at most the effective size; new: if rmem with it is, or " +
    "into an empty queue";
  return screen([
    sentence(`${titleOf(first)}, by release`, columns, theme.heading),
    lay(rows, GAP),
    sentence(admission, columns, theme.aside),
    sentence(rangeOf(explanations), columns, theme.heading),
    sentence(changeOf(explanations), columns),
  ]);
}

function sentence(text: string, width: number, paint: Paint = (line) => line): string[] {
  return wrap(text, width).map((line) => paint(line));
}

function titleOf({ requestedBytes, force, protocol, family }: BufferExplanation): string {
  const option = force ? "SO_RCVBUFFORCE" : "SO_RCVBUF";
  return `${option} ${requestedBytes}, events of ${flowOf(protocol, family)}`;
}

/** `name  value  rule (source)`, wrapped beside the value; the source stays in one piece where it fits a line. */
function stepLines(steps: readonly BufferStep[], width: number, theme: Theme): string[] {
  const nameColumns = Math.max(...steps.map(({ name }) => name.length)) + GAP;
  const valueColumns = Math.max(...steps.map(({ value }) => String(value).length));
  const margin = nameColumns + valueColumns + GAP;
  return steps.flatMap((step) => {
    const rule = wrap(step.rule, width - margin);
    const source = wrap(sourceOf(step), width - margin);
    const room = width - margin - rule.at(-1)!.length - GAP;
    const beside = source.length === 1 && source[0]!.length <= room;
    const lines = [
      ...rule.slice(0, -1),
      beside ? `${rule.at(-1)}${" ".repeat(GAP)}${theme.aside(source[0]!)}` : rule.at(-1)!,
      ...(beside ? [] : source.map((line) => theme.aside(line))),
    ];
    const head =
      theme.label(step.name.padEnd(nameColumns)) + String(step.value).padStart(valueColumns) + " ".repeat(GAP);
    return lines.map((line, index) => (index === 0 ? head : " ".repeat(margin)) + line);
  });
}

/** `net/core/sock.c sock_setsockopt() 2.6.31+`: the release from which on it holds comes last. */
function sourceOf({ source: { file, symbol, since } }: BufferStep): string {
  return `${file} ${symbol} ${since}+`;
}

function neverBuilt({ neverBuilt, protocol }: BufferExplanation): string[] {
  if (neverBuilt.length === 0) return [];
  const types = neverBuilt.map((type) => type.toUpperCase()).join(" and ");
  return [
    `${types} of a ${protocol.toUpperCase()} connection that changes state do not fit into what is allocated for them: ` +
      "such an event is never built.",
  ];
}

type Column = "asked" | "capped" | "effective" | "truesize" | "admission" | "messages";

function rowsOf(explanations: readonly BufferExplanation[], columns: readonly Column[], theme: Theme): Cell[][] {
  const heading: Cell[] = [
    { text: "release", paint: theme.label, left: true },
    ...columns.map((column): Cell => ({ text: column, paint: theme.label })),
  ];
  return [
    heading,
    ...explanations.map((explanation): Cell[] => [
      { text: explanation.release, left: true },
      ...columns.map((column): Cell => cellOf(explanation, column, theme)),
    ]),
  ];
}

function cellOf(explanation: BufferExplanation, column: Column, theme: Theme): Cell {
  switch (column) {
    case "asked":
      return { text: String(explanation.requestedBytes) };
    case "capped": {
      const text = String(explanation.cappedBytes);
      return explanation.cappedBytes < explanation.requestedBytes ? { text, paint: theme.warning } : { text };
    }
    case "effective":
      return { text: String(explanation.rcvbufBytes) };
    case "truesize":
      return { text: String(explanation.truesizeBytes) };
    case "admission":
      return { text: explanation.admission };
    case "messages":
      return { text: String(explanation.capacityMessages) };
  }
}

function rangeOf(explanations: readonly BufferExplanation[]): string {
  const { least, most } = extremesOf(explanations);
  const held = least === most ? `${most}` : `${least} to ${most}`;
  return `A request of ${explanations[0]?.requestedBytes} bytes holds ${held} messages while nobody reads.`;
}

function changeOf(explanations: readonly BufferExplanation[]): string {
  const capped = explanations.filter(({ cappedBytes, requestedBytes }) => cappedBytes < requestedBytes);
  if (capped.length > 0) {
    return (
      `net.core.rmem_max cuts the request on ${capped.length} of ${explanations.length} releases: raise the sysctl, or ` +
      "use SO_RCVBUFFORCE with CAP_NET_ADMIN."
    );
  }
  const { least, most } = extremesOf(explanations);
  const wanted = least === most ? 2 * most : most;
  const needed = Math.max(
    ...explanations.map(({ truesizeBytes, admission }) => requestFor(wanted, truesizeBytes, admission)),
  );
  const cap = explanations.some(({ rmemMaxBytes, force }) => needed > rmemMaxBytes && !force);
  return `For ${wanted} messages on every release ask for ${needed} bytes${cap ? ", and raise sysctl net.core.rmem_max to that" : ""}.`;
}

function extremesOf(explanations: readonly BufferExplanation[]): { least: number; most: number } {
  const capacities = explanations.map(({ capacityMessages }) => capacityMessages);
  return { least: Math.min(...capacities), most: Math.max(...capacities) };
}

function screen(blocks: readonly (readonly string[])[]): string {
  return `${blocks.map((block) => block.join("\n")).join("\n\n")}\n`;
}
