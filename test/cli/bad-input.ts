/**
 * Input that is wrong, by the thousand: made of the flags, the descriptions of parameters and metrics, and files that
 * are right but for one place. Every case has to be refused; it tests nothing itself.
 */
import { COMMANDS } from "../../src/cli/catalogue.js";
import type { Flag } from "../../src/cli/flag.js";
import { PARAMETER_FLAGS } from "../../src/cli/parameter-flags.js";
import { TOOL_VERSION } from "../../src/report/version.js";
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

/** What a command needs beside the flag that is wrong; a flag gives way to the same one. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  run: ["{folder}/good.yaml"],
  explain: ["buffer", "2k"],
  trace: ["{folder}/good.yaml", "--entry=1"],
  sweep: ["{folder}/good.yaml", "--list=buffer=2k,4k", "--runs=1"],
  compare: ["{folder}/good.yaml", "--variant=big:buffer=8k", "--runs=1"],
  size: ["{folder}/good.yaml", "--find=buffer", "--expect=table.drop == 0", "--runs=1"],
  merge: ["{folder}/whole.runs"],
  metrics: ["destroy"],
  completion: ["bash"],
};

const SMALL = "  experiment: flood\n  connections: 20\n  ratePerSecond: 100\n";
const GOOD = `title: t\nscenario:\n${SMALL}`;
const HEAD = {
  format: "ct-reliable runs 1",
  tool: TOOL_VERSION,
  shard: null,
  study: {
    kind: "sweep",
    of: "flood",
    experiment: "flood",
    overrides: { connections: 20 },
    axes: [],
    runs: 1,
    measures: ["table.created"],
    command: "ct-reliable sweep flood",
  },
};
const RUNS = `${JSON.stringify(HEAD)}\n[0,20]\n`;
const FILES = { "good.yaml": GOOD, "whole.runs": RUNS };

/** `measure` has a program behind its flags. */
function lineOf(command: string, ...argv: readonly string[]): BadInput {
  const given = new Set(argv.map((word) => word.split("=")[0]));
  const needed = (NEEDED[command] ?? []).filter((word) => !word.startsWith("--") || !given.has(word.split("=")[0]));
  return { argv: [command, ...needed, ...argv, ...(command === "measure" ? ["--", "true"] : [])], files: FILES };
}

/** Of each command that can run here in no time, a line that is right. */
export const RIGHT: readonly BadInput[] = [...Object.keys(NEEDED), "flood", "flush"].map((command) =>
  lineOf(command, ...(["flood", "flush"].includes(command) ? ["--connections=20"] : [])),
);

export function badInputs(): BadInput[] {
  const all = [
    ...flagsOfEveryCommand(),
    ...quantities(),
    ...structuredValues(),
    ...valuesOfEveryCommand(),
    ...operandsOfEveryCommand(),
    ...filesOfRuns(),
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
  groups: ["", "+", "new+", "new+new", "destory", "new update", "all"],
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

/** Of flags that the experiments do not have, or that have parts of their own. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  list: [
    "",
    "buffer",
    "buffer=",
    "=2k",
    "bufer=2k",
    "buffer=2k,much",

    "force=1",
    "buffer=2k,,4k",
    "live=1",
  ],
  range: [
    "",
    "buffer",
    "buffer=2k",
    "buffer=2k:4k",
    "buffer=2k:4k:x",
    "buffer=2k:4k:x1",
    "buffer=4k:2k:1k",
    "buffer=2k:4k:0",
  ],
  variant: ["", ":buffer=2k", "big:buffer", "big:buffer=much", "big:bufer=2k", "a b:buffer=2k", "a:live=1"],
  metric: ["", "nosuch", "drian", "drain%", "%", "destroy.lost%%", "drain,drain"],
  shard: ["", "0/3", "4/3", "2", "2/", "/3", "a/b", "1/0", "-1/3", "1.5/3", "auto"],
  runs: ["", "0", "-1", "many", "1.5", "1e9", "20 "],
  workers: ["", "0", "-1", "many", "1.5", "1e9"],
  find: ["", "nosuch", "bufer", "buffer,rate", "BUFFER", "seed"],
  entry: ["", "0", "-1", "first", "1.5", "1e99", "999999999"],
  tuple: ["", "-1", "x", "127.0.0.1", "1.2.3.4", "127.0.0", "::1", "999.0.0.2", "1.5.", "9999999", "udp,127.0.0.2"],
  only: ["nosuch", "*nosuch*", "\u001b[2J"],
  watch: ["", "0", "1", "-1s", "2h", "soon"],
  "watch-for": ["", "0", "-1", "2s", "many"],
  preset: ["", "nosuch", "conntrack-0.1", "ULOGD", "conntrackd,ulogd"],
  filter: ["", "+", "tcp+", "sctp", "tcp,udp", "tcp+tcp"],
  queue: ["", "0", "-1", "many", "10,dorp", "10,drop,drop", "10,drop,soon", "1e9"],
  poll: ["", "0", "1", "often", "30s,", "30s,evnts", "30s,events,events"],
  sysctl: [
    "",
    "nf_conntrack_acct",
    "nf_conntrack_acct=",
    "nf_conntrack_acct=7",
    "nosuch=1",
    "=1",
    "net.core.rmem_max=many",
  ],
  "gc-interval": ["", "0", "-1s", "often", "1e99s"],
  cpus: ["", "0", "3", "-1", "two"],
  "packet-cpus": ["", "0", "257", "-1", "many"],
  hz: ["", "0", "250.5", "999", "many"],
  tuples: ["", "0", "-1", "many", "2^25"],
};

/** Files that a command writes or reads, by the flag. */
const PATHS = ["output", "replay", "resume", "record", "log", "daemon-log", "conntrackd-conf", "rate-profile"];
const NO_FILE = ["", "{folder}/nosuch/x", "{folder}", "{folder}/good.yaml/x"];
/** Every flag of every command with a value that it does not take. */
function valuesOfEveryCommand(): BadInput[] {
  return COMMANDS.flatMap(({ name: command, flags }) =>
    flags.flatMap((flag): BadInput[] => {
      if (flag.value === null) return [];
      const of = (values: readonly string[]) => values.map((value) => lineOf(command, `--${flag.name}=${value}`));
      if (PATHS.includes(flag.name)) return of(NO_FILE);
      if (flag.quantity !== undefined) return of(["-1", "abc"]);
      const own = OWN[flag.name] ?? STRUCTURED[flag.name];
      if (own !== undefined) return of(own.slice(0, 4)).concat(Object.hasOwn(OWN, flag.name) ? of(own.slice(4)) : []);
      return (flag.choices ?? []).length > 0 && flag.name !== "daemon" ? of(["", "nosuch"]) : [];
    }),
  );
}

/** What stands where a file, a word or another command is wanted. */
function operandsOfEveryCommand(): BadInput[] {
  const lines: readonly (readonly string[])[] = [
    ...["flood", "flush", "host"].map((command) => [command, "extra"]),
    ...["run", "sweep", "compare", "size", "trace", "parity", "merge"].flatMap((command) =>
      ["{folder}/nosuch", "{folder}/empty.yaml", "{folder}/whole.runs", "a\u001b[31mb", ""].map((operand) =>
        command === "merge" && operand.endsWith(".runs") ? [command, operand, operand] : [command, operand],
      ),
    ),
    ...["run", "merge", "sweep", "compare", "size", "completion", "measure"].map((command) => [command]),
    ...["sweep", "size", "trace"].map((command) => [command, "flood", "flush"]),
    ...["sweep", "size", "trace", "compare"].map((command) => [command, "flod"]),
    ...["", "bufer", "buffer -1", "buffer 2x", "buffer 2k 4k", "buffer 9999999999999", "nosuch"].map((words) => [
      "explain",
      ...words.split(" "),
    ]),
    ...["tcsh", "BASH", "", "bash zsh"].map((words) => ["completion", ...words.split(" ")]),
    ...["nosuch", "destroy extra"].map((words) => ["metrics", ...words.split(" ")]),
    ...["nosuch", "fload", "-x", "--nosuch", "--live", "--format=json", "help extra", "\u001b[2J"].map((words) =>
      words.split(" "),
    ),
  ];
  return lines.map((argv) => ({ argv, files: { ...FILES, "empty.yaml": "" } }));
}

/** A file of runs that is right but for one place, or that another program made. */
function filesOfRuns(): BadInput[] {
  const { study } = HEAD;
  const heads: readonly object[] = [
    { ...HEAD, format: "ct-reliable runs 2" },
    { ...HEAD, tool: "0.0.0" },
    { ...HEAD, study: undefined },
    { ...HEAD, shard: "1/2" },
    { ...HEAD, shard: { index: 3, of: 2 } },
    ...[null, [], 5, {}].map((value) => ({ ...HEAD, study: value })),
    ...Object.keys(study).flatMap((key) =>
      [undefined, null, 5.5, "nosuch", [5], [{}], "\u001b[2J"]
        .filter((value) => !(typeof value === "string" && /^(of|command)$/.test(key) && value === "nosuch"))
        .map((value) => ({ ...HEAD, study: { ...study, [key]: value } })),
    ),
    ...[1e9, 0, -1, 1e15].map((runs) => ({ ...HEAD, study: { ...study, runs } })),
    { ...HEAD, study: { ...study, kind: "compare" } },
    { ...HEAD, study: { ...study, axes: [{ name: "buffer", values: [] }] } },
    { ...HEAD, study: { ...study, axes: [{ name: "\u202e", values: [{ text: "a", overrides: {} }] }] } },
    ...[{ listeners: 5 }, { kernel: "1.0" }, { traffic: {} }].map((overrides) => ({
      ...HEAD,
      study: { ...study, overrides },
    })),
  ];
  const lines = [
    "[0]",
    "[1,20]",
    "[0,20,5]",
    '[0,"x"]',
    "[0.5,20]",
    "[-1,20]",
    "{}",
    "x",
    "[0,20]\n[0,20]",
    "\u001b[2J",
  ];
  const texts = [
    ...heads.map((head) => `${JSON.stringify(head)}\n[0,20]\n`),
    ...lines.map((line) => `${JSON.stringify(HEAD)}\n${line}\n`),
    ...["", "\n", "null\n", "[]\n", "{}\n", RUNS.slice(0, -9), GOOD, "\u0000"],
  ];
  return texts.map((text) => ({ argv: ["merge", "{folder}/bad.runs"], files: { "bad.runs": text } }));
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
  `${GOOD}sources: ["https://x/\\e[31m"]\n`,
  `${GOOD}story: "\\e]8;;http:x"\n`,
  `${GOOD}story: "\u202e"\n`,
  `${GOOD}shows: "\\x9b2J"\n`,
  `title: "\\e[2J"\nscenario:\n${SMALL}`,
  `${GOOD}name: "\u202ea"\n`,
  `${GOOD}  seed: "\\e[2J"\n`,

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
