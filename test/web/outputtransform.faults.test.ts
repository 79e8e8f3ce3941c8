/** Output transforms that throw, reject, or make what cannot be sent. */
import * as assert from "uvu/assert";
import {
  HTTPError,
  type OutputTransform,
  RequestHandler,
  type ResponseHeaders,
  type TransformedHead,
} from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { loggedErrors, type Routes, serverSuite, startServer } from "../support/servers.ts";

let events: string[] = [];

const later = <T>(value: T): Promise<T> =>
  new Promise((resolve) => setImmediate(() => resolve(value)));

/** Changes nothing. */
class Plain implements OutputTransform {
  transformFirstChunk(
    status: number,
    headers: ResponseHeaders,
    chunk: Buffer,
  ): TransformedHead | Promise<TransformedHead> {
    return [status, headers, chunk];
  }
  transformChunk(chunk: Buffer): Uint8Array | Promise<Uint8Array> {
    return chunk;
  }
}

class Page extends RequestHandler {
  get() {
    this.write("hello world");
  }
  override onFinish() {
    events.push(`finished ${this.getStatus()}`);
  }
}

class Stream extends RequestHandler {
  async get() {
    this.write("one ");
    await this.flush();
    this.write("two");
  }
  override onFinish() {
    events.push(`finished ${this.getStatus()}`);
  }
}

class Missing extends RequestHandler {
  get() {
    throw new HTTPError(404);
  }
}

const routes: Routes = [
  ["/", Page],
  ["/s", Stream],
  ["/missing", Missing],
];

class Fault extends Plain {
  protected fail(): never {
    throw new Error("a deliberate failure");
  }
}
class FirstFault extends Fault {
  override transformFirstChunk(): TransformedHead {
    return this.fail();
  }
}
class LaterFault extends Fault {
  override transformChunk(): Uint8Array {
    return this.fail();
  }
}
class FirstRejection extends Fault {
  override async transformFirstChunk(): Promise<TransformedHead> {
    await later(null);
    return this.fail();
  }
}
class LaterRejection extends Fault {
  override async transformChunk(): Promise<Uint8Array> {
    await later(null);
    return this.fail();
  }
}
class Garbage extends Plain {
  override transformFirstChunk(status: number, headers: ResponseHeaders): TransformedHead {
    return [status, headers, 42 as unknown as Uint8Array];
  }
}
class BadStatus extends Plain {
  override transformFirstChunk(_: number, headers: ResponseHeaders): TransformedHead {
    return [42, headers, Buffer.from("x")];
  }
}
class BadHeaders extends Plain {
  override transformFirstChunk(status: number): TransformedHead {
    return [status, {} as unknown as ResponseHeaders, Buffer.from("x")];
  }
}

const faulty = serverSuite("a faulty output transform");
faulty.before.each(() => {
  events = [];
});
for (const Class of [FirstFault, FirstRejection, Garbage, BadStatus, BadHeaders]) {
  for (const target of ["/", "/s"]) {
    faulty(`of the kind ${Class.name} is left out of the error page for ${target}`, async () => {
      const { connect } = await startServer(routes, {}, { transforms: [Class] });
      const client = await connect();
      const response = await client.get(target);
      assert.is(response.status, 500);
      assert.match(response.text, /500: Internal Server Error/);
      assert.is(loggedErrors().length, 1);
      assert.equal(
        events.filter((event) => event.startsWith("finished")),
        ["finished 500"],
      );
      assert.is((await client.get("/")).status, 500);
    });
  }
}
for (const Class of [LaterFault, LaterRejection]) {
  faulty(`of the kind ${Class.name} ends the connection after the head`, async () => {
    const { connect } = await startServer(routes, {}, { transforms: [Class] });
    const client = await connect();
    await client.send("GET /s HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.gone();
    assert.not.match(client.unread, /\r\n0\r\n\r\n/);
    await until(() => events.some((event) => event.startsWith("finished")), "the end");
    assert.ok(loggedErrors().length >= 1);
    assert.is((await (await connect()).get("/")).text, "hello world");
  });
}
faulty("does not make finish() reject, and is logged once", async () => {
  let settled = "not yet";
  class Finishing extends RequestHandler {
    async get() {
      await this.finish("x").then(
        () => {
          settled = "resolved";
        },
        () => {
          settled = "rejected";
        },
      );
    }
  }
  const { connect } = await startServer([["/", Finishing]], {}, { transforms: [FirstRejection] });
  assert.is((await (await connect()).get("/")).status, 500);
  await until(() => settled !== "not yet", "finish()");
  assert.is(settled, "resolved");
  assert.is(loggedErrors().length, 1);
});
faulty("makes flush() reject", async () => {
  class Flushing extends RequestHandler {
    async get() {
      this.write("x");
      try {
        await this.flush();
      } catch (error) {
        events.push((error as Error).message);
      }
    }
  }
  const { connect } = await startServer([["/", Flushing]], {}, { transforms: [FirstRejection] });
  assert.is((await (await connect()).get("/")).status, 500);
  assert.ok(events.includes("a deliberate failure"));
});
faulty("may throw in its constructor", async () => {
  class Unborn extends Plain {
    constructor() {
      super();
      throw new Error("a deliberate failure");
    }
  }
  const { connect } = await startServer(routes, {}, { transforms: [Unborn] });
  assert.is((await (await connect()).get("/")).status, 500);
  assert.is(loggedErrors().length, 1);
});
for (const Class of [FirstFault, FirstRejection]) {
  faulty(`of the kind ${Class.name} does not hide the page of another error`, async () => {
    const { connect } = await startServer(routes, {}, { transforms: [Class] });
    const client = await connect();
    for (const target of ["/missing", "/no-such-route"]) {
      const response = await client.get(target);
      assert.ok(response.status === 404 || response.status === 500);
      assert.match(response.text, new RegExp(`^<html><title>${response.status}: `));
    }
  });
}
faulty.run();
