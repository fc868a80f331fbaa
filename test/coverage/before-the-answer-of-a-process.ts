/** Coverage is written before the answer is sent: whoever has it kills the process. */
import { takeCoverage } from "node:v8";

const send = process.send!.bind(process);
process.send = (message: { what?: string }) => {
  if (message.what !== "progress" && message.what !== "stage") takeCoverage();
  return send(message);
};
