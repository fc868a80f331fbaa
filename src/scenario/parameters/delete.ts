/**
 * Entries that are deleted one by one, as `conntrack -D` does it: which, when, and how fast. In a flag: `50%@30s`,
 * `class=udp@30s`, `200/s`, `class=udp,200/s@10s`.
 */
import { quoted, UsageError } from "../errors.js";
import { type Described, nullable, quantity, shape, text, type ValueOf } from "../json-schema.js";
import { LONGEST_DURATION, RATES, SECOND } from "../units.js";
import { formatValue } from "../value.js";
import { type Codec, formatShare, numberIn, shareIn } from "./codec.js";
import { flag, parameter } from "./parameter.js";

const SHARE: Described<number> = {
  type: "number",
  description: "which share of them is deleted, from 0 to 1; which entries, is chance",
  minimum: 0,
  maximum: 1,
};
const EXAMPLES = "WHAT@TIME such as 50%@30s or class=udp@30s, or a pace such as 200/s";

export const DELETE = shape("entries that are deleted one by one, as conntrack -D does it; null: none", {
  share: parameter(SHARE, 1),
  class: parameter(
    nullable(text("the kind of flow whose entries are deleted; null: of all", "the name of a kind of flow")),
    null,
  ),
  atSeconds: parameter(
    quantity(
      "seconds",
      { min: 0, max: LONGEST_DURATION / SECOND },
      "when the table is dumped, from the first packet on; with a pace, when it begins",
    ),
    0,
  ),
  perSecond: parameter(
    nullable(quantity("rate", RATES, "how many are deleted in a second at most; null: one after the other, once")),
    null,
  ),
});
export interface DeleteScenario extends ValueOf<typeof DELETE> {}

const { atSeconds: AT_SECONDS, perSecond: PER_SECOND } = DELETE.properties;

const deleteCodec: Codec = {
  parse(written): { delete: Partial<DeleteScenario> } {
    const at = written.lastIndexOf("@");
    const values: Partial<DeleteScenario> = {};
    for (const item of (at < 0 ? written : written.slice(0, at)).split(",")) {
      const said = itemOf(item, written);
      if (Object.keys(said).some((key) => key in values)) {
        throw new UsageError(`expected a share, a class and a pace once each, got ${quoted(item)} again`);
      }
      Object.assign(values, said);
    }
    if (at >= 0) values.atSeconds = numberIn(AT_SECONDS, written.slice(at + 1));
    if (values.atSeconds === undefined && (values.perSecond ?? null) === null) {
      throw new UsageError(`expected ${EXAMPLES}, got ${quoted(written)}`);
    }
    return { delete: values };
  },
  format({ delete: values }: { delete?: Partial<DeleteScenario> | null }) {
    if (!values) return null;
    const { share = 1, class: kind = null, perSecond = null, atSeconds = 0 } = values;
    const items = [
      ...(kind === null ? [] : [`class=${kind}`]),
      ...(share === 1 && (kind !== null || perSecond !== null) ? [] : [formatShare(share)]),
      ...(perSecond === null ? [] : [formatValue(PER_SECOND, perSecond)]),
    ];
    return `${items.join(",")}${perSecond !== null && atSeconds === 0 ? "" : `@${formatValue(AT_SECONDS, atSeconds)}`}`;
  },
};

function itemOf(item: string, whole: string): Partial<DeleteScenario> {
  if (item.startsWith("class=") && item.length > 6) return { class: item.slice(6) };
  if (item.endsWith("/s")) return { perSecond: numberIn(PER_SECOND, item) };
  const share = shareIn(item);
  if (share === null) throw new UsageError(`expected ${EXAMPLES}, got ${quoted(whole)}`);
  return { share };
}

export const DELETES = parameter(
  nullable(DELETE),
  null as DeleteScenario | null,
  flag("Run:", "delete WHAT[@TIME]", {
    description:
      "delete entries one by one, as conntrack -D does: a share or a kind of flow at a time after the first packet, as in " +
      "50%@30s or class=udp@30s, or at a pace, as in 200/s or class=udp,200/s@10s",
    codec: deleteCodec,
  }),
);
