/** A reporter for tests in one process: the first that fails is named and ends it. */
import type { TestEvent } from "node:test/reporters";

export default async function* firstFailure(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type === "test:fail") {
      yield "";
      process.stdout.write(`${data.name}\n`, () => process.exit(1));
      return;
    }
  }
}
