import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import { run } from "./harness.js";

/** The arguments after `flood`, and what is said about them. Every flag has at least one line. */
const BAD_FLAGS: readonly (readonly [argv: readonly string[], sentence: string])[] = [
  [["--buffer", "abc"], '--buffer: expected a size such as 2048, 208k or 8MiB, got "abc"'],
  [["--buffer", ""], '--buffer: expected a size such as 2048, 208k or 8MiB, got ""'],
  [["--buffer="], '--buffer: expected a size such as 2048, 208k or 8MiB, got ""'],
  [["--buffer", "-1"], '--buffer: expected a size such as 2048, 208k or 8MiB, got "-1"'],
  [["--buffer", "NaN"], '--buffer: expected a size such as 2048, 208k or 8MiB, got "NaN"'],
  [["--buffer", "1e300"], '--buffer: expected a size such as 2048, 208k or 8MiB, got "1e300"'],
  [["--buffer", "2GiB"], '--buffer: expected a size from 0 to 1GiB, got "2GiB"'],
  [["--buffer", "a\nb"], '--buffer: expected a size such as 2048, 208k or 8MiB, got "a\\nb"'],
  [["--buffer", "\u001b[2J"], '--buffer: expected a size such as 2048, 208k or 8MiB, got "\\u001b[2J"'],
  [["--buffer"], "--buffer: expected a value SIZE, got nothing"],
  [
    ["--buffer", "--quiet"],
    "--buffer: expected a value SIZE, got the flag --quiet; where that is meant, write --buffer=--quiet",
  ],
  [
    ["--output", "--quiet"],
    "--output: expected a value FILE, got the flag --quiet; where that is meant, write --output=--quiet",
  ],
  [
    ["--seed", "--quiet"],
    "--seed: expected a value TEXT, got the flag --quiet; where that is meant, write --seed=--quiet",
  ],
  [["--bogus", "--buffer"], 'expected a flag of flood, got "--bogus"'],
  [["--quiet=1"], 'expected a flag of flood, got "--quiet=1", did you mean "--quiet"?'],
  [["--", "--quiet"], 'expected only flags after flood, got "--quiet"'],
  [["-5x", "--bogus"], 'expected a flag of flood, got "--bogus"'],
  [["-5x"], 'expected only flags after flood, got "-5x"'],
  [["--buffer", "--version"], '--buffer: expected a size such as 2048, 208k or 8MiB, got "--version"'],
  [["--buffer", "2048", "--buffer", "4k"], '--buffer: expected one value, got "2048" and "4k"'],
  [["--connections", "-5"], '--connections: expected a count such as 200, 20k or 1M, got "-5"'],
  [["--connections", "1.5"], '--connections: expected a whole number, got "1.5"'],
  [["--connections", "20M"], '--connections: expected a count from 0 to 16777216, got "20M"'],
  [["--rate", "0"], '--rate: expected a rate from 0.001/s to 10M/s or max, got "0"'],
  [["--rate", "Infinity"], '--rate: expected a rate such as 50k/s, 200/s or max, got "Infinity"'],
  [["--duration", "15"], '--duration: expected a duration such as 200us, 15s or 2m, got "15"'],
  [["--duration", "200d"], '--duration: expected a duration from 1ms to 104d, got "200d"'],
  [["--arrivals", "poison"], '--arrivals: expected constant, poisson or burst, got "poison", did you mean "poisson"?'],
  [["--arrivals", "burst:0"], '--arrivals: expected a count from 1 to 1M, got "0"'],
  [["--arrivals", "constant:5"], '--arrivals: expected a size only for burst, as in burst:50, got "constant:5"'],
  [["--protocol", "upd"], '--protocol: expected udp, tcp or icmp, got "upd", did you mean "udp"?'],
  [["--protocol", "UDP"], '--protocol: expected udp, tcp or icmp, got "UDP", did you mean "udp"?'],
  [["--protocol", "sctp"], '--protocol: expected udp, tcp or icmp, got "sctp"'],
  [["--family", "ipv5"], '--family: expected ipv4 or ipv6, got "ipv5", did you mean "ipv4"?'],
  [["--path", "foward"], '--path: expected loopback or forward, got "foward", did you mean "forward"?'],
  [["--tuples", "0"], '--tuples: expected a count from 1 to 16777216, got "0"'],
  [["--packets", "0"], '--packets: expected a count from 1 to 1M, got "0"'],
  [["--packet-gap", "2h"], '--packet-gap: expected a duration from 0s to 1h, got "2h"'],
  [["--second-flood", "20k"], '--second-flood: expected COUNT@DURATION such as 20k@5s, got "20k"'],
  [["--second-flood", "0@5s"], '--second-flood: expected a count from 1 to 16777216, got "0"'],
  [["--second-flood", "20k@5"], '--second-flood: expected a duration such as 200us, 15s or 2m, got "5"'],
  [["--traffic", "short:rate"], '--traffic: expected KEY=VALUE such as rate=5k/s, got "rate"'],
  [["--reader", "1"], '--reader: expected a duration such as 200us, 15s or 2m, got "1"'],
  [["--reader", "1ms,"], '--reader: expected fixed or exponential, got ""'],
  [["--reader", "1ms,exp"], '--reader: expected fixed or exponential, got "exp"'],
  [["--reader-portid", "2"], '--reader-portid: expected a duration such as 200us, 15s or 2m, got "2"'],
  [
    ["--reader-stall", "500ms"],
    '--reader-stall: expected FOR/EVERY such as 500ms/10s, or FOR@TIME such as 5s@30s, got "500ms"',
  ],
  [["--reader-stall", "0@30s"], '--reader-stall: expected a duration from 1ns to 1d, got "0"'],
  [["--cost-dump-entry", "2m"], '--cost-dump-entry: expected a duration from 0s to 1s, got "2m"'],
  [["--cost-delete", "2m"], '--cost-delete: expected a duration from 0s to 1s, got "2m"'],
  [
    ["--delete", "50%"],
    '--delete: expected WHAT@TIME such as 50%@30s or class=udp@30s, or a pace such as 200/s, got "50%"',
  ],
  [["--delete", "101%@1s"], '--delete: expected a share above 0% and up to 100%, got "101%"'],
  [["--buffer-max", "8x"], '--buffer-max: expected a size such as 2048, 208k or 8MiB, got "8x"'],
  [["--resync", "30"], '--resync: expected a duration such as 200us, 15s or 2m, got "30"'],
  [["--decoders", "17"], '--decoders: expected a count from 1 to 16, got "17"'],
  [["--stop-at-enobufs", "--stop-at-enobufs"], "--stop-at-enobufs: expected at most once, got it 2 times"],
  [["--reader-stall", "0/10s"], '--reader-stall: expected a duration from 1ns to 1d, got "0"'],
  [
    ["--preset", "conntrakd"],
    '--preset: expected conntrack, conntrack-1.4.5, conntrackd, ulogd, go-conntrack or agent, got "conntrakd", did you mean "conntrackd"?',
  ],
  [
    ["--filter", "tcp,udp"],
    '--filter: expected protocols or names of kinds of flow with + between them, such as tcp+icmp, got "tcp,udp"',
  ],
  [["--filter", "tcp+tcp"], '--filter: expected each of them once, got "tcp+tcp"'],
  [["--queue", "0"], '--queue: expected a count from 1 to 1048576, got "0"'],
  [["--queue", "8k,discard"], '--queue: expected block or drop, got "discard"'],
  [["--queue", "8k,drop,1us,2"], '--queue: expected MESSAGES[,block|drop[,DURATION]], got "8k,drop,1us,2"'],
  [["--poll", "30"], '--poll: expected a duration such as 200us, 15s or 2m, got "30"'],
  [
    ["--poll", "30s,event"],
    '--poll: expected a duration such as 30s, or 30s,events for dumps beside the events, got "30s,event"',
  ],
  [
    ["--dump-on-event-socket", "--dump-on-event-socket"],
    "--dump-on-event-socket: expected at most once, got it 2 times",
  ],
  [["--groups", "new+destory"], '--groups: expected new, update or destroy, got "destory", did you mean "destroy"?'],
  [
    ["--policy", "relaible"],
    '--policy: expected reliable, broadcast-error, no-enobufs or lossy, got "relaible", did you mean "reliable"?',
  ],
  [["--listeners", ""], '--listeners: expected KEY=VALUE such as buffer=8k,reader=1ms,policy=lossy, got ""'],
  [["--listeners", "buffer=abc"], '--listeners: buffer: expected a size such as 2048, 208k or 8MiB, got "abc"'],
  [
    ["--listeners", "bufer=8k"],
    '--listeners: expected preset, buffer, buffer-max, force, policy, reader, reader-portid, stall, decoders, resync, overrun-as, stop-at-enobufs, groups, filter, queue, poll or dump-on-event-socket, got "bufer", did you mean "buffer"?',
  ],
  [
    ["--listeners", "__proto__=8k"],
    '--listeners: expected preset, buffer, buffer-max, force, policy, reader, reader-portid, stall, decoders, resync, overrun-as, stop-at-enobufs, groups, filter, queue, poll or dump-on-event-socket, got "__proto__"',
  ],
  [
    ["--listeners", "buffer=8k,buffer=9k"],
    '--listeners: expected each key once, got buffer twice in "buffer=8k,buffer=9k"',
  ],
  [
    ["--listeners", "groups=new+destory"],
    '--listeners: groups: expected new, update or destroy, got "destory", did you mean "destroy"?',
  ],
  [["--listeners", "groups=new+new"], '--listeners: groups: expected each group once, got "new+new"'],
  [["--rmem-max", "4GiB"], '--rmem-max: expected a size from 0 to 1GiB, got "4GiB"'],
  [["--kernel", "latest"], '--kernel: expected a kernel release such as 3.6 or 6.18.44, or host, got "latest"'],
  [
    ["--kernel", "hots"],
    '--kernel: expected a kernel release such as 3.6 or 6.18.44, or host, got "hots", did you mean "host"?',
  ],
  [["--kernel", "all"], '--kernel: expected a kernel release such as 3.6 or 6.18.44, or host, got "all"'],
  [["--kernel", "5.4."], '--kernel: expected a kernel release such as 3.6 or 6.18.44, or host, got "5.4."'],
  [["--kernel", "6.18 "], '--kernel: expected a kernel release such as 3.6 or 6.18.44, or host, got "6.18 "'],
  [["--kernel-config", "acct"], '--kernel-config: expected KEY=VALUE such as acct=off,sk-buff=208, got "acct"'],
  [["--kernel-config", "acct=0"], '--kernel-config: acct: expected on or off, got "0"'],
  [["--kernel-config", "acct=offf"], '--kernel-config: acct: expected on or off, got "offf", did you mean "off"?'],
  [
    ["--kernel-config", "nat=off,acount=off"],
    "--kernel-config: expected acct, nat, mark, secmark, timestamp, nla-policy-len, sk-buff, small-head or " +
      'chain-events, got "acount"',
  ],
  [
    ["--kernel-config", "skbuff=208"],
    "--kernel-config: expected acct, nat, mark, secmark, timestamp, nla-policy-len, sk-buff, small-head or " +
      'chain-events, got "skbuff", did you mean "sk-buff"?',
  ],
  [["--kernel-config", "nat=off,nat=on"], '--kernel-config: expected each key once, got nat twice in "nat=off,nat=on"'],
  [["--kernel-config", "sk-buff=0"], '--kernel-config: sk-buff: expected a size from 1 to 4096, got "0"'],
  [["--kernel-config", "small-head=1MiB"], '--kernel-config: small-head: expected a size from 0 to 4096, got "1MiB"'],
  [
    ["--kernel-config", "acct=off", "--kernel-config", "nat=off"],
    '--kernel-config: expected one value, got "acct=off" and "nat=off"',
  ],
  [["--hz", "200"], '--hz: expected 100, 250, 300 or 1000, got "200"'],
  [
    ["--grace-max", "0"],
    "--grace-max: expected at least 1s (the kernel draws a delay modulo nf_conntrack_events_retry_timeout and would " +
      'divide by zero), got "0"',
  ],
  [["--grace-max", "1.5s"], '--grace-max: expected a duration of whole seconds, got "1.5s"'],
  [["--grace-max", "15"], '--grace-max: expected a duration such as 15s or 2m, got "15"'],
  [["--nf-conntrack-max", "0"], '--nf-conntrack-max: expected a count from 1 to 16777216, got "0"'],
  [["--buckets", "0"], '--buckets: expected a count from 1 to 16777216, got "0"'],
  [["--buckets", "x"], '--buckets: expected a count such as 200, 20k or 1M, got "x"'],
  [["--timeout", "udp"], '--timeout: expected KEY=DURATION such as udp=30s, got "udp"'],
  [["--timeout", "udp=0"], '--timeout: expected a duration from 1s to 2147483s, got "0"'],
  [["--timeout", "udp=1s", "--timeout", "udp=2s"], "--timeout: expected each key once, got udp again"],
  [
    ["--timeout", "udp_steam=1s"],
    "--timeout: expected tcp_syn_sent, tcp_syn_recv, tcp_established, tcp_fin_wait, tcp_close_wait, tcp_last_ack, " +
      'tcp_time_wait, tcp_close, tcp_syn_sent2, udp, udp_stream, icmp or icmpv6, got "udp_steam", did you mean ' +
      '"udp_stream"?',
  ],
  [
    ["--sysctl", "nf_conntrack_acct"],
    '--sysctl: expected NAME=VALUE such as nf_conntrack_acct=1, got "nf_conntrack_acct"',
  ],
  [["--sysctl", "nf_conntrack_acct=2"], '--sysctl: expected 0 or 1, got "2"'],
  [["--admission", "newer"], '--admission: expected own, old or new, got "newer"'],
  [["--gc", "pass"], '--gc: expected own, fraction-64, fraction-128, pass-120s, pass-halving or pass-mean, got "pass"'],
  [["--gc-interval", "0"], '--gc-interval: expected a duration from 1s to 2147483s, got "0"'],
  [
    ["--retry", "timers"],
    '--retry: expected own, timer, workqueue, evict-list or evict-list-inverted, got "timers", did you mean "timer"?',
  ],
  [
    ["--rate-profile", "/nonexistent/day.csv"],
    '--rate-profile: expected a file that can be read, got "/nonexistent/day.csv" (no such file or directory)',
  ],
  [
    ["--replay", "/nonexistent/events.log"],
    '--replay: expected a log that can be read, got "/nonexistent/events.log" (no such file or directory)',
  ],
  [
    ["--replay", "/nonexistent/events.log", "--live"],
    "--replay: expected a simulation, since entries of the running kernel do not end at a log's times, got --live",
  ],
  [["--nf-conntrack-events", "3"], '--nf-conntrack-events: expected 0, 1 or 2, got "3"'],
  [["--packet-cpus", "0"], '--packet-cpus: expected a count from 1 to 256, got "0"'],
  [["--machine", "fast"], '--machine: expected recorded or present, got "fast"'],
  [["--cpus", "3"], '--cpus: expected 1 or 2, got "3"'],
  [["--cost-packet", "2s"], '--cost-packet: expected a duration from 0s to 1s, got "2s"'],
  [["--cost-flush-entry", "1"], '--cost-flush-entry: expected a duration such as 200us, 15s or 2m, got "1"'],
  [["--cost-attempt", "-1us"], '--cost-attempt: expected a duration such as 200us, 15s or 2m, got "-1us"'],
  [["--cost-recv", "0.5ns"], '--cost-recv: expected a duration of whole nanoseconds, got "0.5ns"'],
  [["--cost-wakeup", ""], '--cost-wakeup: expected a duration such as 200us, 15s or 2m, got ""'],
  [["--what-if", "--what-if"], "--what-if: expected at most once, got it 2 times"],
  [["--no-advice", "--no-advice"], "--no-advice: expected at most once, got it 2 times"],
  [["--no-flush", "--no-flush"], "--no-flush: expected at most once, got it 2 times"],
  [["--no-flush=1"], 'expected a flag of flood, got "--no-flush=1", did you mean "--no-flush"?'],
  [["--limit", "0"], '--limit: expected a duration from 1ms to 104d, got "0"'],
  [["--seed", ""], '--seed: expected 1 to 100 printable characters, or random, got ""'],
  [["--seed", " x"], '--seed: expected 1 to 100 printable characters, or random, got " x"'],
  [
    ["--format", "jsno"],
    '--format: expected text, json, csv, markdown, junit or html, got "jsno", did you mean "json"?',
  ],
  [
    ["--expect", "destroy.deliverd == 100%"],
    '--expect: expected a metric (ct-reliable metrics lists them), got "destroy.deliverd", did you mean "destroy.delivered"?',
  ],
  [["--export", "report.json"], '--export: expected FORMAT=FILE such as html=report.html, got "report.json"'],
  [
    ["--export", "jsn=x"],
    '--export: expected text, json, csv, markdown, junit or html, got "jsn", did you mean "json"?',
  ],
  [
    ["--export", "json=/nowhere/at/all"],
    '--export: expected a file that can be written, got "/nowhere/at/all" (no such file or directory)',
  ],
  [["--chart", "--chart"], "--chart: expected at most once, got it 2 times"],
  [["--timeline", "--timeline"], "--timeline: expected at most once, got it 2 times"],
  [["--output", ""], '--output: expected the path of a file, got ""'],
  [["--output", "-"], '--output: expected the path of a file, got "-"'],
  [
    ["--output", "/nowhere/at/all"],
    '--output: expected a file that can be written, got "/nowhere/at/all" (no such file or directory)',
  ],
  [["--output", "/"], '--output: expected a file that can be written, got "/" (it is a folder)'],
  [["--quiet", "--quiet"], "--quiet: expected at most once, got it 2 times"],
  [["--no-color", "--no-color"], "--no-color: expected at most once, got it 2 times"],
  [["--print-config", "--print-config"], "--print-config: expected at most once, got it 2 times"],
  [["--bufer", "2048"], 'expected a flag of flood, got "--bufer", did you mean "--buffer"?'],
  [["--bufer=2048"], 'expected a flag of flood, got "--bufer=2048", did you mean "--buffer"?'],
  [["--daemon", " "], '--daemon: expected a command, got " "'],
  [["--daemon-log", "x.log"], "--daemon-log: expected --live and --daemon beside it, got neither"],
  [
    ["--conntrackd-conf", "/nonexistent"],
    '--conntrackd-conf: expected a file that can be read, got "/nonexistent" (no such file or directory)',
  ],
  [
    ["--ulogd-conf", "/nonexistent"],
    '--ulogd-conf: expected a file that can be read, got "/nonexistent" (no such file or directory)',
  ],
  [
    ["--sysctl-conf", "/nonexistent"],
    '--sysctl-conf: expected a file that can be read, got "/nonexistent" (no such file or directory)',
  ],
  [["--force", "--force"], "--force: expected at most once, got it 2 times"],
  [["--overrun-as", "ulogg"], '--overrun-as: expected conntrackd or ulogd, got "ulogg", did you mean "ulogd"?'],
  [["--daemon", "conntrackd"], "--daemon: expected --live beside it, got it for a simulated kernel"],
  [["--live", "--live"], "--live: expected at most once, got it 2 times"],
  [["-b"], 'expected a flag of flood, got "-b"'],
  [["extra"], 'expected only flags after flood, got "extra"'],
  [["--quiet", "5"], 'expected only flags after flood, got "5"'],
  [["--", "--buffer"], 'expected only flags after flood, got "--buffer"'],
];

/** What no parser of a flag can see: the resolver does. */
const CONTRADICTIONS: readonly (readonly [argv: readonly string[], sentence: string])[] = [
  [
    ["flood", "--kernel", "7.9"],
    '--kernel: expected a Linux version from 2.6.31 to 7.3, such as 5.4 or 6.18.44, got "7.9"',
  ],
  [
    ["flood", "--filter", "tpc"],
    '--filter: expected a protocol or a kind of flow that there is, udp, tcp or icmp, got "tpc"',
  ],
  [
    ["flood", "--poll", "30s", "--dump-on-event-socket"],
    "--dump-on-event-socket: expected dumps beside the events (--poll 30s,events), got a poll in place of them, which has no event socket",
  ],
  [
    ["flood", "--rate", "10M", "--duration", "1h"],
    "--duration: expected 1 to 16777216 connections from --rate and --duration, got 36000000000 (10M/s for 1h)",
  ],
  [
    ["flood", "--rate", "0.001", "--duration", "1s"],
    "--duration: expected 1 to 16777216 connections from --rate and --duration, got 0 (0.001/s for 1s)",
  ],
  [["flush", "--duration", "1s"], "--duration: expected --rate or --connections beside it, got neither"],
  [
    ["flood", "--connections", "0", "--duration", "1s"],
    "--duration: expected a rate from 0.001/s to 10M/s from --connections and --duration, got 0/s (0 in 1s)",
  ],
  [
    ["flush", "--connections", "16M", "--duration", "1ms"],
    "--duration: expected a rate from 0.001/s to 10M/s from --connections and --duration, got 16000M/s (16000000 in 1ms)",
  ],
  [
    ["flood", "--connections", "1", "--duration", "1d"],
    "--duration: expected a rate from 0.001/s to 10M/s from --connections and --duration, " +
      "got 0.000011574074074074073/s (1 in 1d)",
  ],
  [
    ["flood", "--connections", "20k", "--rate", "0.001"],
    "--rate: expected a flood that is over in 104d, or --limit to end it before, got 20k connections at 0.001/s",
  ],
  [
    ["flood", "--connections", "100", "--rate", "10", "--duration", "1s"],
    "--connections: expected what --rate and --duration make (10 connections), got 100; leave one of the three out",
  ],
  [
    ["flood", "--reader-stall", "10s/10s"],
    "--reader-stall: expected a stall shorter than its period, such as 500ms/10s, got 10s/10s",
  ],
  [["flood", "--buffer-max", "8"], "--buffer-max: expected at least --buffer (2048), got 8"],
  [
    ["flood", "--stop-at-enobufs", "--resync", "3s"],
    "--stop-at-enobufs: expected a reader that does nothing after its first ENOBUFS, got --resync beside it",
  ],
  [
    ["flood", "--listeners", "stall=10s/1s"],
    "--listeners: stall: expected a stall shorter than its period, such as 500ms/10s, got 10s/1s",
  ],
  [
    ["flood", "--listeners", "buffer=8MiB,buffer-max=4k"],
    "--listeners: buffer-max: expected at least buffer (8MiB), got 4096",
  ],
  [["flood", "--timeline"], "--timeline: expected --format csv or --export csv=FILE beside it, got neither"],
  [
    ["flood", "--export", "json=a.json", "--output", "a.json"],
    '--export: expected a file of its own for each format, got "a.json" twice',
  ],
  [
    ["flood", "--expect", "drain <= 5s over 3 seeds"],
    '--expect: expected an expectation of one run (seeds and variants are for the command run), got "drain <= 5s over 3 seeds"',
  ],
  [
    ["flood", "--no-flush", "--expect", "drain <= 5s"],
    "--expect: expected a metric that this run has, got dying.emptyAfterFlushSeconds (there is no flush in this run)",
  ],
  [
    ["flood", "--protocol", "tcp", "--packets", "2"],
    "--packets: expected at least 6 with --protocol tcp (handshake and close), got 2",
  ],
  [
    ["flush", "--kernel", "5.4", "--kernel-config", "small-head=576"],
    "--kernel-config: expected small-head only with a kernel that has a cache of small heads (6.3 on), got it with 5.4",
  ],
];

const BAD_COMMANDS: readonly (readonly [argv: readonly string[], sentence: string])[] = [
  [
    ["flod"],
    'expected a command (flood, flush, run, size, sweep, compare, merge, trace, explain, parity, measure, host, metrics or completion), got "flod", did you mean "flood"?',
  ],
  [
    ["fluhs", "--help"],
    'expected a command (flood, flush, run, size, sweep, compare, merge, trace, explain, parity, measure, host, metrics or completion), got "fluhs", did you mean "flush"?',
  ],
  [
    ["help", "nosuch"],
    'expected a command (flood, flush, run, size, sweep, compare, merge, trace, explain, parity, measure, host, metrics or completion), got "nosuch"',
  ],
  [
    ["Flood"],
    'expected a command (flood, flush, run, size, sweep, compare, merge, trace, explain, parity, measure, host, metrics or completion), got "Flood", did you mean "flood"?',
  ],
  [
    ["--buffer", "2048"],
    'expected a command (flood, flush, run, size, sweep, compare, merge, trace, explain, parity, measure, host, metrics or completion), got "--buffer"',
  ],
  [
    ["--verison"],
    'expected a command (flood, flush, run, size, sweep, compare, merge, trace, explain, parity, measure, host, metrics or completion), got "--verison", did you mean "--version"?',
  ],
  [
    ["--", "flod"],
    'expected a command (flood, flush, run, size, sweep, compare, merge, trace, explain, parity, measure, host, metrics or completion), got "flod", did you mean "flood"?',
  ],
  [["flush", "--no-flush"], 'expected a flag of flush, got "--no-flush"'],
  [
    ["explian", "buffer"],
    'expected a command (flood, flush, run, size, sweep, compare, merge, trace, explain, parity, measure, host, metrics or completion), got "explian", did you mean "explain"?',
  ],
  [["explain"], "expected buffer SIZE, or a word of the reports, after explain, got nothing"],
  [
    ["explain", "bufer", "2k"],
    'explain: expected buffer SIZE, or one of event, buffer, truesize, refused, congested, ENOBUFS, policy, dying list, resend, merged, pending, lost, flush, expired, drop, early drop, resync or very few, got "bufer 2k", did you mean "buffer"?',
  ],
  [
    ["explain", "2k"],
    'explain: expected buffer SIZE, or one of event, buffer, truesize, refused, congested, ENOBUFS, policy, dying list, resend, merged, pending, lost, flush, expired, drop, early drop, resync or very few, got "2k"',
  ],
  [["explain", "buffer", "abc"], 'explain buffer: expected a size such as 2048, 208k or 8MiB, got "abc"'],
  [["explain", "buffer", "-1"], 'explain buffer: expected a size such as 2048, 208k or 8MiB, got "-1"'],
  [["explain", "buffer", "2GiB"], 'explain buffer: expected a size from 0 to 2147483647, got "2GiB"'],
  [["explain", "buffer", "2k", "4k"], 'expected only flags after explain buffer 2k, got "4k"'],
  [["explain", "buffer", "2k", "--buffer", "2k"], 'expected a flag of explain, got "--buffer"'],
  [
    ["explain", "buffer", "2k", "--kernel", "al"],
    '--kernel: expected a kernel release such as 3.6 or 6.18.44, or all or host, got "al", did you mean "all"?',
  ],
  [["explain", "buffer", "2k", "--force", "--force"], "--force: expected at most once, got it 2 times"],
];

describe("bad input is one sentence on stderr, nothing on stdout, exit 2", () => {
  const cases = [...BAD_FLAGS.map(([argv, sentence]) => [["flood", ...argv], sentence] as const), ...BAD_COMMANDS];
  for (const [argv, sentence] of cases) {
    test(JSON.stringify(argv.join(" ")), async () => {
      const outcome = await run(argv);
      assert.equal(outcome.stderr, `ct-reliable: ${sentence}\n`);
      assert.equal(outcome.stdout, "");
      assert.equal(outcome.code, 2);
      assert.equal(outcome.ran, undefined);
    });
  }

  for (const [argv, sentence] of CONTRADICTIONS) {
    test(JSON.stringify(argv.join(" ")), async () => {
      const outcome = await run(argv, { resolve: resolveScenario });
      assert.deepEqual(
        [outcome.stderr, outcome.stdout, outcome.code, outcome.ran],
        [`ct-reliable: ${sentence}\n`, "", 2, undefined],
      );
    });
  }

  test("every flag has a line in the table, and every line says what was expected and what was got", () => {
    const typed = new Set(BAD_FLAGS.map(([argv]) => argv[0]?.split("=")[0]));
    assert.deepEqual(
      EXPERIMENT_FLAGS.map(({ name }) => `--${name}`).filter((name) => !typed.has(name)),
      [],
    );
    for (const [, sentence] of [...BAD_FLAGS, ...CONTRADICTIONS, ...BAD_COMMANDS])
      assert.match(sentence, /expected .*, got /);
  });
});

test("what the resolver refuses is exit 2 with the resolver's sentence", async () => {
  const outcome = await run(["flood", "--kernel", "9.9"], {
    resolve: () => {
      throw new UsageError("--kernel: expected something else, got this");
    },
  });
  assert.equal(outcome.stderr, "ct-reliable: --kernel: expected something else, got this\n");
  assert.deepEqual([outcome.code, outcome.stdout], [2, ""]);
});

const isRoot = process.geteuid?.() === 0;
test("a configuration file that is root's alone is named, with what to do", {
  skip: isRoot ? false : "needs root",
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "ct-reliable-conf-"));
  const file = join(folder, "ulogd.conf");
  chmodSync(folder, 0o755);
  writeFileSync(file, "[ct1]\n", { mode: 0o600 });
  // Whatever the command loads is loaded before.
  await run(["flood", "--ulogd-conf", file, "--print-config"]);
  try {
    process.seteuid!(65_534);
    const { code, stderr } = await run(["flood", "--ulogd-conf", file]);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `ct-reliable: --ulogd-conf: expected a file that can be read, got "${file}" (permission denied: only root may ` +
        "read it; a copy that you may read does as well)\n",
    );
  } finally {
    process.seteuid!(0);
    rmSync(folder, { recursive: true });
  }
});
