/**
 * What comes too late: frames behind our close frame, right and wrong, and megabytes behind a frame that is refused. The
 * client reads one close frame and then the end: no reset takes it away, and nothing is sent behind it.
 */
import * as assert from "uvu/assert";
import { bare, close, closing, frameHead, hex, masked, ping, text } from "../support/frames.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, framesOf, open } from "../support/websockets.ts";

const MiB = 1024 * 1024;

/** Closes the connection with what a message says. */
class Closing extends Echo {
  override getCompressionOptions() {
    return {};
  }
  override onMessage(message: string | Buffer): void {
    const [code, reason = ""] = String(message).split(" ");
    this.close(code === "none" ? null : Number(code), reason);
  }
}

const late = serverSuite("behind the server's close frame");

for (const [asked, code, reason] of [
  ["1000", 1000, ""],
  ["4999 why", 4999, "why"],
  ["none", null, ""],
  ["none because", 1000, "because"],
] as const) {
  for (const [what, frames] of [
    ["the client's", [close(1000)]],
    ["messages and the client's", [text("late"), masked(0x01, "la"), close(1001)]],
    ["megabytes and the client's", [masked(0x82, Buffer.alloc(3 * MiB)), close(1000)]],
    ["what cannot be inflated and the client's", [masked(0xc1, hex("ffffff")), close(1000)]],
    ["a close frame that is wrong", [masked(0x88, closing(1005))]],
    ["a frame that is not masked", [bare(0x81, "x")]],
    ["a reserved bit", [masked(0xa1, "x")]],
    ["text that is not UTF-8", [masked(0x81, hex("ff"))]],
    ["garbage", [Buffer.alloc(100, 0xff)]],
    ["half a frame and the end", [text("hello").subarray(0, 8)]],
    ["nothing and the end", []],
  ] as const) {
    for (const extension of ["", "Sec-WebSocket-Extensions: permessage-deflate\r\n"]) {
      const how = extension === "" ? "" : ", compression agreed on";
      late(`of "${asked}" comes ${what}${how}`, async () => {
        const server = await startServer([["/", Closing]]);
        const { client } = await open(server, "/", extension);
        void client.send(text(asked));
        const payload = code === null ? Buffer.alloc(0) : closing(code, reason);
        const wanted = bare(0x88, payload);
        assert.equal(await client.bytes(wanted.length), wanted);
        for (const frame of frames) void client.send(frame);
        if (what.endsWith("the end")) client.endSending();
        assert.is((await client.readToEnd()).length, 0);
        assert.equal(loggedErrors(), []);
      });
    }
  }
}

late.run();

const refused = serverSuite("a frame that is refused");

for (const [what, code, frame] of [
  ["with a reserved bit", 1002, masked(0x91, "x")],
  ["of no opcode", 1002, masked(0x83)],
  ["not masked", 1002, bare(0x81, "x")],
  ["of text that is not UTF-8", 1007, masked(0x81, hex("c080"))],
  ["too big", 1009, Buffer.concat([frameHead(0x82, 11 * MiB, 0x80), Buffer.alloc(4)])],
  ["that closes with 1005", 1002, masked(0x88, closing(1005))],
  ["that closes with bytes for a reason", 1007, masked(0x88, closing(1000, hex("ff")))],
] as const) {
  for (const size of [0, 1000, 200_000, 5 * MiB]) {
    refused(
      `is answered with ${code}, and ${size} bytes behind it take nothing away: ${what}`,
      async () => {
        const server = await startServer([["/", Echo]]);
        const { client } = await open(server);
        const behind = [ping("behind"), Buffer.alloc(size, 0x82)];
        void client.send(Buffer.concat([text("before"), frame, ...behind]));
        const [echo, last, ...more] = framesOf(await client.readToEnd());
        assert.is(echo?.payload.toString(), "before");
        assert.is(last?.first, 0x88);
        assert.is(last?.payload.readUInt16BE(0), code);
        assert.is(more.length, 0);
        assert.equal(loggedErrors(), []);
      },
    );
  }
}

refused.run();
