/** Coverage is written before the answer is sent: the process of the thread may end with it. */
import { takeCoverage } from "node:v8";
import { parentPort } from "node:worker_threads";

const port = parentPort!;
const { postMessage } = port;
port.postMessage = (message: unknown) => {
  takeCoverage();
  return postMessage.call(port, message);
};
