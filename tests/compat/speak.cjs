// Drives one of the unmodified SDKs for Node: `node speak.cjs segment|rudder URL KEY`, a call a line on stdin.
// Prints what the SDK says was not delivered, as JSON, once all is handed over.
const readline = require("node:readline");

const [, , which, url, key] = process.argv;
const failed = [];

function segment() {
  const { Analytics } = require("@segment/analytics-node");
  const client = new Analytics({ writeKey: key, host: url, path: "/v1/batch", maxRetries: 30 });
  client.on("error", (error) => failed.push(String(error.reason ?? error.code)));
  return {
    say: (call, message) => client[call](message),
    // Without a limit of its own it waits for as long as its flush interval only.
    close: () => client.closeAndFlush({ timeout: 90_000 }),
  };
}

function rudder() {
  const Analytics = require("@rudderstack/rudder-sdk-node");
  const client = new Analytics(key, {
    dataPlaneUrl: url,
    retryCount: 10,
    errorHandler: (error) => failed.push(String(error)),
  });
  let pending = 0;
  return {
    say: (call, message) => {
      pending += 1;
      client[call](message, () => (pending -= 1));
    },
    close: async () => {
      // One flush takes one batch, and calls back a turn of the loop later.
      while (pending > 0) {
        await client.flush();
        await new Promise(setImmediate);
      }
    },
  };
}

async function main() {
  const sdk = { segment, rudder }[which]();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { call, ...message } = JSON.parse(line);
    sdk.say(call, message);
  }
  await sdk.close();
  process.stdout.write(JSON.stringify(failed), () => process.exit(0));
}

main();
