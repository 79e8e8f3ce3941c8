/** The demo's command line: where it serves, how it refuses, how it stops. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, runDemo, startDemo, stopDemos } from "./demo.ts";

/** Sends a request that is not answered soon, and waits until the server has it. */
async function askSlowly(
  port: number,
  path = "/slow?ms=10000",
): Promise<{ socket: Socket; text: () => Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (data: string) => {
    text += data;
  });
  // The answer to the first request says that the second, behind it, is being worked on.
  const first = once(socket, "data");
  socket.write(`GET /user/1 HTTP/1.1\r\nHost: a\r\n\r\nGET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await first;
  const closed = once(socket, "close");
  return { socket, text: () => closed.then(() => text) };
}

function oneSentence({ stderr, stdout, code }: Ended, expected: RegExp, wantedCode: number): void {
  assert.is(stdout, "");
  assert.match(stderr, expected);
  assert.is(stderr.trimEnd().split("\n").length, 1, stderr);
  assert.is(code, wantedCode);
}

const serving = suite("the demo");
serving.after(stopDemos);

serving("serves on the port and host of its options, and says the real port", async () => {
  const demo = await startDemo({ args: ["--port=0", "--host=127.0.0.1"] });
  assert.is((await fetch(`${demo.base}/`)).status, 200);
  demo.kill("SIGTERM");
  assert.is((await demo.ended()).code, 0);
});

serving("takes PORT and HOST from the environment", async () => {
  const demo = await startDemo({ env: { PORT: "0", HOST: "localhost" } });
  assert.is((await fetch(`${demo.base}/`)).status, 200);
  demo.kill("SIGTERM");
  assert.is((await demo.ended()).code, 0);
});

serving("takes an option before the environment, and an empty variable for none", async () => {
  const demo = await startDemo({ args: ["--port=0"], env: { PORT: "nonsense", HOST: "" } });
  assert.is((await fetch(`${demo.base}/`)).status, 200);
  demo.kill("SIGTERM");
  assert.is((await demo.ended()).code, 0);
});

serving.run();

const refusing = suite("the demo, called wrongly,");
refusing.after(stopDemos);

const wrongCalls: readonly [what: string, args: readonly string[], expected: RegExp][] = [
  [
    "an unknown option",
    ["--prot=1"],
    /--prot.*--port=NUMBER, --host=ADDRESS and --processes=NUMBER/,
  ],
  ["an option without its value", ["--port"], /--port.*argument missing/],
  ["an option whose value looks like an option", ["--port", "-1"], /--port.*ambiguous/],
  ["an argument that is none", ["extra"], /extra/],
  ["a port that is no number", ["--port=http"], /port is "http"; allowed is .* 0 to 65535/],
  ["an empty port", ["--port="], /port is ""/],
  ["a port above the last", ["--port=65536"], /port is "65536"/],
  [
    "a number of processes that is none",
    ["--processes=all"],
    /processes is "all"; allowed .* 1024/,
  ],
  ["more processes than there may be", ["--processes=1025"], /processes is "1025"/],
  ["a host that is a name", ["--port=0", "--host=example.com"], /address.*"example\.com"; allowed/],
];
for (const [what, args, expected] of wrongCalls) {
  refusing(`says one sentence and exits with 2 for ${what}`, async () => {
    oneSentence(await runDemo({ args }), expected, 2);
  });
}

refusing("does so for a bad PORT, too", async () => {
  oneSentence(await runDemo({ env: { PORT: "80a" } }), /port is "80a"/, 2);
});

refusing("does so for a COOKIE_SECRET that could be guessed", async () => {
  const env = { COOKIE_SECRET: "x".repeat(31) };
  oneSentence(await runDemo({ args: ["--port=0"], env }), /COOKIE_SECRET has 31 characters/, 2);
});

refusing("says one sentence and exits with 1 if the port is in use", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const ended = await runDemo({ args: [`--port=${port}`] });
  oneSentence(ended, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: .* in use`), 1);
  other.close();
});

refusing.run();

const stopping = suite("the demo, told to stop,");
stopping.after(stopDemos);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  stopping(`exits with 0 after ${signal}, idle connections or not`, async () => {
    const demo = await startDemo();
    const idle = connect(demo.port, "127.0.0.1");
    // Accepted for sure: one that the kernel still holds when the server ends is reset.
    idle.write("GET /user/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(idle, "data");
    const closed = once(idle.resume(), "close");
    demo.kill(signal);
    assert.equal(await demo.ended().then(({ code, stderr }) => ({ code, stderr })), {
      code: 0,
      stderr: "",
    });
    await closed;
  });
}

stopping("exits with 0 after the two signals that Ctrl-C under npm is", async () => {
  const demo = await startDemo();
  const { socket, text } = await askSlowly(demo.port);
  demo.kill("SIGINT");
  demo.kill("SIGINT");
  // Half-closed, the slow handler ends its wait, and its answer still arrives.
  socket.end();
  assert.match(await text(), /\{"askedMs":10000,"waitedMs":\d+\}$/);
  assert.is((await demo.ended()).code, 0);
});

stopping("ends a long poll and a live picture, and waits for neither", async () => {
  const demo = await startDemo();
  const live = await fetch(`${demo.base}/live`);
  const { socket, text } = await askSlowly(demo.port, "/comet");
  demo.kill("SIGTERM");
  // Whole, and not cut off when the server's patience is over.
  await live.text();
  socket.on("error", () => {});
  assert.match(await text(), /HTTP\/1\.1 204 No Content\r\n[\s\S]*\r\n\r\n$/);
  assert.is((await demo.ended()).code, 0);
});

stopping("lets go of a request whose client has gone", async () => {
  const demo = await startDemo();
  const { socket } = await askSlowly(demo.port);
  demo.kill("SIGINT");
  socket.resetAndDestroy();
  assert.is((await demo.ended()).code, 0);
});

stopping("ends at once when it is told again in earnest", async () => {
  const demo = await startDemo();
  const { socket } = await askSlowly(demo.port);
  socket.on("error", () => {});
  const ended = demo.ended();
  // Signals that are pending together are delivered as one: each is seen before the next is sent.
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    demo.kill("SIGINT");
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.is((await ended).code, 130);
  socket.destroy();
});

stopping.run();
