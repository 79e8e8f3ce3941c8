/** Programs for ioloop.test.ts and fdtable.test.ts, one a name: what a process does at its end is seen from outside. */
import { execFileSync } from "node:child_process";
import { constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Application, IOLoop, RequestHandler } from "../../lib/index.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

function fifo(): number {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  const file = path.join(folder, "fifo");
  execFileSync("mkfifo", [file]);
  const fd = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  rmSync(folder, { recursive: true });
  return fd;
}

const programs: Record<string, () => Promise<void>> = {
  async nothing() {
    await IOLoop.current().start();
    console.log("settled");
  },

  async timer() {
    IOLoop.current().callLater({ delayMs: 1 }, () => console.log("timer"));
    await IOLoop.current().start();
    console.log("settled");
  },

  async idle() {
    // Made and not used: it must not hold the process.
    IOLoop.current();
    process.on("exit", () => console.log("exit"));
  },

  async server() {
    const server = new Application([["/", Hello]]).listen(0, "127.0.0.1");
    const { address } = server;
    if (address === null || "path" in address) throw new Error("not on TCP");
    const client = connect(address.port, "127.0.0.1");
    client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let text = "";
    client.setEncoding("latin1").on("data", (data) => {
      text += data;
    });
    client.on("close", () => {
      console.log(text.split("\r\n", 1)[0]);
      void server.stop();
    });
    await IOLoop.current().start();
    console.log("settled");
  },

  async watched() {
    // A descriptor that is watched holds the process; one that is no more does not.
    const fd = fifo();
    const loop = IOLoop.current();
    loop.addHandler(fd, () => {}, IOLoop.READ);
    let held = false;
    setTimeout(() => {
      held = true;
      loop.removeHandler(fd);
    }, 20).unref();
    await loop.start();
    console.log(held ? "held, then settled" : "not held");
  },

  async churn() {
    // More descriptors over time than the loop has slots, with no event in between.
    const fd = fifo();
    const loop = IOLoop.current();
    for (let i = 0; i < 4000; i++) {
      loop.addHandler(fd, () => {}, IOLoop.READ);
      loop.removeHandler(fd);
      if (i % 100 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    console.log("churned");
  },

  async huge() {
    // The greatest number a descriptor can have: refused, and no table of that size is made.
    try {
      IOLoop.current().addHandler(2 ** 31 - 1, () => {}, IOLoop.READ);
    } catch (error) {
      console.log((error as { code: string }).code);
    }
  },
};

await programs[process.argv[2] ?? ""]?.();
