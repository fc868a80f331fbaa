/**
 * Input that is wrong, by the thousand: made of the flags, the descriptions of parameters and metrics, and files that
 * are right but for one place. Every case has to be refused; it tests nothing itself.
 */
import { COMMANDS } from "../../src/cli/catalogue.js";
import type { Flag } from "../../src/cli/flag.js";
import { PARAMETER_FLAGS } from "../../src/cli/parameter-flags.js";
import type { Schema } from "../../src/scenario/json-schema.js";
import { SCENARIO } from "../../src/scenario/scenario.js";

export interface BadInput {
  argv: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** By name; `{folder}` in an argument is where they are. */
  files?: Readonly<Record<string, string>>;
}

/** No size, duration, rate or count, whatever the unit. */
const NO_QUANTITY = [
  "",
  " ",
  "-1",
  "NaN",
  "1e999",
  "0x10",
  "abc",
  "1,000",
  "--",
  "1..2",
  "١٢",
  "\u001b[2J",
  "9".repeat(40),
];

/** What a command needs in front of its flags, so that the flag is what is wrong. */
const OPERANDS: Readonly<Record<string, readonly string[]>> = {
  run: ["{folder}/good.yaml"],
  explain: ["buffer", "2k"],
  trace: ["--entry", "1"],
  sweep: ["--vary", "buffer=2k,4k"],
  compare: ["--with", "buffer=4k"],
  size: ["buffer"],
  merge: ["{folder}/good.yaml"],
  completion: ["bash"],
};

const SMALL = "  experiment: flood\n  connections: 20\n  ratePerSecond: 100\n";
const GOOD = `title: t\nscenario:\n${SMALL}`;
const FILES = { "good.yaml": GOOD };

function lineOf(command: string, ...argv: readonly string[]): BadInput {
  return { argv: [command, ...(OPERANDS[command] ?? []), ...argv], files: FILES };
}

export function badInputs(): BadInput[] {
  const all = [
    ...flagsOfEveryCommand(),
    ...quantities(),
    ...structuredValues(),
    ...environment(),
    ...scenarioFiles(),
    ...brokenDocuments(),
    ...expectations(),
    ...foreignFiles(),
    ...paths(),
  ];
  return [...new Map(all.map((input) => [JSON.stringify(input), input])).values()];
}

/** A letter is missing. */
const misspelled = (name: string): string => (name.length > 2 ? name.slice(0, 1) + name.slice(2) : `${name}${name}`);

function flagsOfEveryCommand(): BadInput[] {
  return COMMANDS.flatMap(({ name: command, flags }) => {
    const names = new Set(flags.map(({ name }) => name));
    return flags.flatMap((flag): BadInput[] => {
      const wrong = misspelled(flag.name);
      const unknown = names.has(wrong) ? [] : [lineOf(command, `--${wrong}`)];
      if (flag.value === null) {
        const twice = flag.repeatable ? [] : [lineOf(command, `--${flag.name}`, `--${flag.name}`)];
        return [...unknown, ...twice, lineOf(command, `--${flag.name}=1`)];
      }
      return [...unknown, lineOf(command, `--${flag.name}`), lineOf(command, `--${flag.name}`, `--${flag.name}`)];
    });
  });
}

function quantities(): BadInput[] {
  const measured = PARAMETER_FLAGS.filter(({ quantity }) => quantity !== undefined);
  return measured.flatMap(({ name }) => NO_QUANTITY.map((junk) => lineOf("flood", `--${name}=${junk}`)));
}

/** Flags whose value has parts, and what is wrong with one of them. */
const STRUCTURED: Readonly<Record<string, readonly string[]>> = {
  traffic: [
    "",
    ":",
    "short:",
    "short:rate",
    "short:rate=",
    "short:rate=fast",
    "short:rate=5k/s,rate=6k/s",
    "shrt",
    "short;rate=1/s",
    "short:protocol=sctp",
    "short:family=ipv5",
    "short:packets=0",
    "short:connections=-1",
    "short:arrivals=often",
    "long-lived:lifetime=0",
    "long-lived:lifetime=soon",
    "short:lifetime=5s",
    "short:name=a b",
    "short:name=",
    "short:burst=0",
    "short:share=0%",
    "short:share=101%",
    "short:share=0.7",
    "short:share=70%",
    "short:share=100%,rate=5/s",
    "short:gap=2h",
    "stream:pps=0",
    "syn-only:protocol=udp",
    "one-packet:packets=2",
    "short:colour=red",
    ",short",
  ],
  listeners: [
    "buffer",
    "buffer=",
    "buffer=much",
    "bufer=4k",
    "reader=1",
    "reader=1ms,reader=2ms",
    "policy=lossless",
    "groups=",
    "groups=new+new",
    "groups=nw",
    "stall=1s",
    "stall=2s/1s",
    "decoders=0",
    "decoders=99",
    "stop-at-enobufs=maybe",
    "buffer=4k,,reader=1ms",
    "buffer-max=1k",
    "resync=",
    "=4k",
    "buffer:4k",
  ],
  delete: [
    "",
    "@",
    "50%",
    "50%@",
    "0%@1s",
    "101%@1s",
    "-5%@1s",
    "50@1s",
    "class=@1s",
    "class=nosuch@1s",
    "half@1s",
    "50%@soon",
    "0/s",
    "200/m",
    "50%,50%@1s",
    "class=udp",
    "@1s@2s",
  ],
  timeout: ["udp", "udp=", "udp=30", "upd=30s", "udp=0s", "udp=0.5s", "=30s", "udp=30s=40s", "udp:30s"],
  "kernel-config": [
    "acct",
    "acct=",
    "acct=maybe",
    "act=on",
    "sk-buff=-1",
    "small-head=x",
    "acct=on,acct=off",
    "sk-buff=on",
  ],
  "second-flood": ["", "20k", "@5s", "20k@", "0@5s", "20k@5", "x@5s", "20k@5s@6s", "-1@5s"],
  "reader-portid": ["", "1", "fast", "-1us", "1us,exponential", "2h"],
  "reader-stall": ["", "500ms", "500ms/", "/10s", "0/10s", "11s/10s", "x/y", "500ms@", "@30s", "500ms/10s/20s"],
  reader: ["", "1", "fast", "1ms,", "1ms,exp", "1ms,fixed,fixed", "-1ms", "1ms exponential"],
  arrivals: ["", "poison", "burst:", "burst:0", "burst:-1", "burst:many", "constant:5", ":5", "BURST"],
  groups: ["", "+", "new+", "new+new", "destory", "new,update", "all"],
  expect: [
    "",
    "==",
    "destroy.delivered",
    "destroy.delivered ==",
    "== 100%",
    "destroy.delivered = 100%",
    "destroy.delivered == many",
    "destroy.deliverd == 100%",
    "destroy.delivered == 100% of",
    "destroy.delivered == 100% of nosuch",
    "drain < 5",
    "drain < 5 parsecs",
    "drain < > 5s",
    "nosuch > 1",
    "destroy.delivered => 1",
    "destroy.delivered == 1e999",
    "(drain) < 5s",
    "drain < 5s over seeds",
    "drain < 5s; rm -rf /",
    "drain < 5s && drain > 1s",
  ],
  kernel: ["", "2.4", "3", "9.9", "linux", "../6.18", "2.6.30", "-1", "2.6.31 "],
  export: ["", "json", "json=", "=x.json", "yaml=x", "jsn=x", "junit", "json:x"],
  format: ["", "yaml", "jsn", "JSON", "text,json", "html "],
};

function structuredValues(): BadInput[] {
  return Object.entries(STRUCTURED).flatMap(([name, values]) =>
    ["flood", "flush"].flatMap((command) => values.map((value) => lineOf(command, `--${name}=${value}`))),
  );
}

/** An empty variable is one that is not set; a switch takes few words. */
function environment(): BadInput[] {
  const variable = ({ name }: Flag): string => `CT_RELIABLE_${name.replaceAll("-", "_").toUpperCase()}`;
  return PARAMETER_FLAGS.flatMap((flag): BadInput[] => {
    const words = flag.value === null ? ["yes", "2", "on"] : flag.quantity === undefined ? [] : ["abc", "-1", "1e999"];
    return words.map((word) => ({ argv: ["flood"], env: { [variable(flag)]: word } }));
  });
}

/** A value that is of another type than a parameter wants, or beyond its range. */
function wrongValues(schema: Schema): unknown[] {
  const { type, enum: words, maximum, minimum, pattern, items, properties } = schema;
  const nothing = schema.nullable === true ? [] : [null];
  if (words !== undefined) return [...nothing, "nosuch", -7, [], {}];
  if (type === "boolean") return [...nothing, "maybe", 2, [], {}];
  if (type === "integer" || type === "number") {
    const beyond = [
      ...(maximum === undefined ? [] : [maximum * 2 + 1]),
      ...(minimum === undefined ? [] : [minimum - 1]),
    ];
    return [...nothing, "many", true, [], {}, ...beyond];
  }
  if (type === "string") return [...nothing, [], {}, ...(pattern === undefined ? [] : ["\u0007"])];
  if (type === "array") return [...nothing, "x", 5, ...wrongValues(items!).map((value) => [value])];
  return [...nothing, "x", 5, [], { nosuch: 1 }, ...(properties === undefined ? [] : [])];
}

/** Every parameter with every wrong value, and its name misspelled. */
function scenarioFiles(): BadInput[] {
  const cases: BadInput[] = [];
  const visit = (schema: Schema, wrap: (value: unknown) => object): void => {
    for (const value of wrongValues(schema)) cases.push(fileWith({ scenario: wrap(value) }));
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      visit(inner, (value) => wrap({ [name]: value }));
      cases.push(fileWith({ scenario: wrap({ [misspelled(name)]: 1 }) }));
    }
    if (schema.items?.properties !== undefined) {
      for (const [name, inner] of Object.entries(schema.items.properties))
        visit(inner, (value) => wrap([{ [name]: value }]));
    }
  };
  for (const [name, schema] of Object.entries(SCENARIO.properties as Record<string, Schema>)) {
    // The experiment is what the base says; a log comes with a flag.
    if (name === "experiment" || name === "replay") continue;
    visit(schema, (value) => ({ [name]: value }));
  }
  return cases;
}

function fileWith(document: object): BadInput {
  const text = JSON.stringify({ title: "t", ...document }).replace('"scenario":{', '"scenario":{"experiment":"flood",');
  return { argv: ["run", "{folder}/bad.json"], files: { "bad.json": text } };
}

const BROKEN: readonly string[] = [
  "",
  "\n",
  "null",
  "[]",
  "5",
  "title: t",
  "title: t\nscenario:",
  "title: t\nscenario: []",
  "scenario:\n  experiment: flood\n",
  "title: [\n",
  "title: t\n  scenario: {",
  "title: t\nscenario: {experiment: fload}",
  "{",
  "}",
  "\t\ttitle: t",
  "title: 't",
  `${GOOD}titel: t\n`,
  `${GOOD}title: again\n`,
  `${GOOD}expectations: x\n`,
  `${GOOD}expectations: [5]\n`,
  `${GOOD}runs: 0\n`,
  `${GOOD}runs: many\n`,
  `${GOOD}runs: 1e9\n`,
  `${GOOD}variants: []\n`,
  `${GOOD}variants: {a: 5}\n`,
  `${GOOD}variants: {a: {scenaro: {}}}\n`,
  `${GOOD}variants: {a: {scenario: {hz: 7}}}\n`,
  `${GOOD}sources: x\n`,

  `${GOOD}name: ''\n`,
  `${GOOD}expectations: [drain < 5s in nosuch]\n`,

  `${GOOD}story: *nosuch\n`,
  `${GOOD}---\n${GOOD}---\ntitle: x\n`,
  "\u0000\u0001\u0002",
  "title: \u001b[31mred\nscenario: 5\n",
  `a: &a [x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n`,
  "!!js/function 'x'",
  `${GOOD}scenario: {experiment: flush}\n`,
];

function brokenDocuments(): BadInput[] {
  return BROKEN.flatMap((text) =>
    ["bad.yaml", "bad.yml"].map((name) => ({ argv: ["run", `{folder}/${name}`], files: { [name]: text } })),
  );
}

function expectations(): BadInput[] {
  return STRUCTURED.expect!.map((expression) => fileWith({ scenario: {}, expectations: [expression] }));
}

/** Files of other programs, wrong in one place. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  "conntrackd-conf": [
    "General {",
    "General { NetlinkBufferSize }\n",
    "General {\n NetlinkBufferSize many\n}\n",
    "}\n",
    "General {\n}\n}\n",
    "General {\n NetlinkBufferSize -5\n}\n",
    "General {\n NetlinkEventsReliable maybe\n}\n",
    "General {\n NetlinkOverrunResync x\n}\n",
    "General {\n NetlinkBufferSizeMaxGrowth 1e99\n}\n",
    "\u0000\u0001",
  ],
  "ulogd-conf": [
    "[global\n",
    "[x]\nnetlink_socket_buffer_size=many\n",
    "[x]\nnetlink_resync_timeout=-1\n",
    "netlink\n",
    "\u0000",
  ],
  "sysctl-conf": [
    "net.core.rmem_max\n",
    "net.core.rmem_max = many\n",
    "net.netfilter.nf_conntrack_max = -1\n",
    "= 5\n",
    "net.netfilter.nf_conntrack_udp_timeout = soon\n",
    "net.netfilter.nf_conntrack_events = 7\n",
  ],
  "rate-profile": [
    "",
    "\n",
    "0\n",
    "0,x\n",
    "x,5\n",
    "0,5\n0,6\n0,7\n",
    "5,10\n1,10\n",
    "0,-5\n",
    "0,5,6\n",
    "0;5\n",
    "\u0000",
  ],
  replay: [
    "",
    "\n",
    "hello\n",
    "[1.5] [NEW] udp\n",
    "[1700000000.000000] [NWE] udp 17 30 src=1.2.3.4 dst=1.2.3.5 sport=1 dport=2\n",
    "timestamp,event\n1,NEW\n",

    "1,NEW,sctp,5\n",
    "x,NEW,udp,30\n",
    "1,NEW,udp,-5\n",
    "\u0000\u0001\n",
  ],
};

function foreignFiles(): BadInput[] {
  return Object.entries(FOREIGN).flatMap(([flag, texts]) =>
    texts.flatMap((text) =>
      ["flood", "flush"].map((command) => ({
        argv: [command, `--${flag}`, "{folder}/bad.txt"],
        files: { "bad.txt": text },
      })),
    ),
  );
}

/** Files that are not there or cannot be what is asked of them. */
function paths(): BadInput[] {
  const inputs = ["conntrackd-conf", "ulogd-conf", "sysctl-conf", "rate-profile", "replay"];
  const where = ["{folder}/nosuch", "{folder}", "{folder}/good.yaml/x", "", "/proc/self/mem", "a\u0000b"];
  return [
    ...inputs.flatMap((flag) => where.map((path) => lineOf("flood", `--${flag}=${path}`))),
    ...["{folder}/nosuch/x.json", "{folder}", "", "{folder}/good.yaml/x"].flatMap((path) => [
      lineOf("flood", `--output=${path}`),
      lineOf("flush", `--export=json=${path}`),
      lineOf("run", `--export=junit=${path}`),
    ]),
    ...where.filter((path) => path !== "{folder}").map((path) => ({ argv: ["run", path], files: FILES })),
  ];
}
