import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { renderJunit } from "../../src/render/junit.js";
import { singleSuite } from "../../src/report/suite.js";
import { printable } from "../../src/scenario/errors.js";
import { sampleReport } from "../report/sample.js";
import { FAILING, failed, HOLDING, HOSTILE, HOSTILES, held, suiteOf } from "../report/suites.js";

/** An element with its attributes and children in order. */
interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

type Parsed = Record<string, unknown> & { ":@"?: Record<string, string> };

function parsed(xml: string): Element {
  assert.equal(XMLValidator.validate(xml), true);
  const nodes = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseAttributeValue: false,
    parseTagValue: false,
    trimValues: false,
    ignoreDeclaration: true,
  }).parse(xml) as Parsed[];
  const roots = nodes.flatMap(elementsOf);
  assert.equal(roots.length, 1);
  return roots[0]!;
}

function elementsOf(node: Parsed): Element[] {
  const name = Object.keys(node).find((key) => key !== ":@")!;
  if (name === "#text") return [];
  const inside = node[name] as Parsed[];
  return [
    {
      name,
      attributes: node[":@"] ?? {},
      children: inside.flatMap(elementsOf),
      text: inside.map((child) => (typeof child["#text"] === "string" ? child["#text"] : "")).join(""),
    },
  ];
}

/** What the schemas of Windy Road and of Jenkins ask of each element, whichever is the stricter. */
const SUITE_ATTRIBUTES = ["name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"];
const ORDER = /^properties( testcase)* system-out system-err$/;

function assertValid(xml: string): Element {
  assert.ok(xml.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n'), xml.slice(0, 60));
  assert.doesNotMatch(xml, /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  const root = parsed(xml);
  assert.equal(root.name, "testsuites");
  for (const [index, suite] of root.children.entries()) {
    assert.equal(suite.name, "testsuite");
    assert.deepEqual(Object.keys(suite.attributes).sort(), [...SUITE_ATTRIBUTES].sort());
    assert.equal(suite.attributes.id, String(index));
    assert.match(suite.attributes.timestamp!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    assert.match(suite.children.map(({ name }) => name).join(" "), ORDER);
    for (const property of suite.children[0]!.children) {
      assert.deepEqual([property.name, Object.keys(property.attributes)], ["property", ["name", "value"]]);
    }
    const cases = suite.children.filter(({ name }) => name === "testcase");
    assert.equal(suite.attributes.tests, String(cases.length));
    const failures = cases.flatMap(({ children }) => children);
    assert.equal(suite.attributes.failures, String(failures.length));
    for (const one of cases) {
      assert.deepEqual(Object.keys(one.attributes), ["name", "classname", "time"]);
      assert.ok(one.children.length <= 1, one.attributes.name);
      assert.notEqual(one.attributes.name, "");
    }
    for (const failure of failures) {
      assert.deepEqual([failure.name, Object.keys(failure.attributes)], ["failure", ["message", "type"]]);
    }
  }
  return root;
}

describe("JUnit XML is valid for the common schemas:", () => {
  for (const [what, suite] of [
    ["all holds", HOLDING],
    ["much fails", FAILING],
    ["names that try to break out", HOSTILES],
    ["nothing at all", suiteOf([])],
    ["an interrupted set", suiteOf([{ name: "a", expectations: [failed] }], { interrupted: true })],
    ["one report", singleSuite(sampleReport(), "ct-reliable flood --seed 1")],
  ] as const) {
    test(what, () => {
      assertValid(renderJunit(suite));
    });
  }
});

test("each scenario is a suite, each expectation a test case", () => {
  const [a, b, c] = assertValid(renderJunit(FAILING)).children as [Element, Element, Element];
  assert.deepEqual(
    [a, b, c].map(({ attributes }) => [attributes.name, attributes.tests, attributes.failures]),
    [
      ["a", "1", "0"],
      ["b", "3", "2"],
      ["c", "1", "1"],
    ],
  );
  const failures = b.children.flatMap(({ children }) => children).filter(({ name }) => name === "failure");
  assert.deepEqual(
    failures.map(({ attributes }) => attributes.message),
    ["expected drain &lt;= 20s, got 52.3 s", "expected drain &lt;= 20s over 3 seeds, got never"].map((message) =>
      message.replace("&lt;", "<"),
    ),
  );
  assert.equal(failures[0]!.text, "scenarios/b.yaml:11\nct-reliable run scenarios/b.yaml --seed 1");
});

test("a scenario that expects nothing still says that it ran", () => {
  const [, b] = assertValid(renderJunit(HOLDING)).children;
  assert.deepEqual(
    b!.children.filter(({ name }) => name === "testcase").map(({ attributes }) => attributes.name),
    ["runs"],
  );
});

test("what XML can hold of a name comes through, with what a terminal would act on spelled out", () => {
  const { children } = assertValid(renderJunit(HOSTILES));
  for (const [index, text] of HOSTILE.entries()) {
    const shown = printable(text).replaceAll(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
    assert.equal(children[index]!.attributes.name, shown);
  }
});

test("the same set gives the same bytes, whatever the time", () => {
  assert.equal(renderJunit(FAILING), renderJunit(FAILING));
  assert.doesNotMatch(renderJunit(suiteOf([{ name: "a", expectations: [held] }])), /20\d\d-/);
});
