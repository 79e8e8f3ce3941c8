/** curl against an app: versions, kept connections, Expect, ranges, HEAD, chunked uploads, what it makes of refusals. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import { StaticFileHandler } from "../../lib/index.ts";
import { within } from "../support/rawclient.ts";
import { type ServerOptions, startServer } from "../support/servers.ts";
import { givenBytes, neighbourApp, sha256 } from "./app.ts";
import { CURL, endProgram, outputOf, programSuite, run, startProgram } from "./programs.ts";

const BIG_BYTES = 8 * 1024 * 1024;
const PATIENCE_MS = 30_000;
const SMALL_BYTES = 1_000;

async function served(options: ServerOptions = { maxBodyBytes: 2 * BIG_BYTES }) {
  const { routes, waiting } = neighbourApp();
  const { port } = await startServer(routes, options);
  return { base: `http://127.0.0.1:${port}`, waiting };
}

/** Runs curl, which is to succeed. */
function curl(args: readonly string[], input?: string): Promise<string> {
  return outputOf("curl", ["-sS", "--max-time", "50", ...args], input);
}

programSuite("curl", CURL, (t) => {
  let folder = "";
  t.before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
    writeFileSync(path.join(folder, "big.bin"), givenBytes(BIG_BYTES));
    writeFileSync(path.join(folder, "small.bin"), givenBytes(SMALL_BYTES));
  });
  t.after(() => rmSync(folder, { recursive: true }));

  for (const [option, version] of [
    ["--http1.0", "1.0"],
    ["--http1.1", "1.1"],
    ["--http2", "1.1"],
  ] as const) {
    t(`is answered by HTTP/${version} with ${option}`, async () => {
      const { base } = await served();
      const whom = JSON.parse(await curl([option, `${base}/whom`])) as { version: string };
      assert.is(whom.version, `HTTP/${version}`);
    });
  }

  t("asks ten times over one connection", async () => {
    const { base } = await served();
    const urls = Array.from({ length: 10 }, () => ["-o", "/dev/null", `${base}/`]).flat();
    const counts = await curl(["--http1.1", "-w", "%{http_code} %{num_connects}\n", ...urls]);
    assert.is(counts, `200 1\n${"200 0\n".repeat(9)}`);
  });

  t("keeps a connection of HTTP/1.0 if it asks to, and else makes another", async () => {
    const { base } = await served();
    const twice = ["-o", "/dev/null", `${base}/`, "-o", "/dev/null", `${base}/`];
    const asked = ["--http1.0", "-w", "%{num_connects} ", ...twice];
    assert.is(await curl(["-H", "Connection: keep-alive", ...asked]), "1 0 ");
    assert.is(await curl(["-H", "Connection: close", ...asked]), "1 1 ");
  });

  t("is told 100 Continue before it sends its body", async () => {
    const { base } = await served();
    // Without an answer curl would wait for as long as it is let, and time out.
    const patience = ["--expect100-timeout", "60", "-H", "Expect: 100-continue"];
    const args = [...patience, "-v", "-T", path.join(folder, "big.bin"), `${base}/taken`];
    const { code, stdout, stderr } = await run("curl", ["-sS", "--max-time", "50", ...args]);
    assert.is(code, 0, stderr);
    assert.match(stderr, /< HTTP\/1\.1 100 Continue\r\n/);
    const { bytes, sha256: hash, expected } = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(
      [bytes, hash, expected],
      [BIG_BYTES, sha256(givenBytes(BIG_BYTES)), "100-continue"],
    );
  });

  t("is refused a body that is too large before it sends any of it", async () => {
    const { base } = await served({ maxBodyBytes: SMALL_BYTES });
    const ask = (file: string) => {
      const expecting = ["--expect100-timeout", "60", "-H", "Expect: 100-continue"];
      const shown = ["-o", "/dev/null", "-w", "%{http_code} %{size_upload}"];
      return curl([...expecting, ...shown, "-T", path.join(folder, file), `${base}/taken`]);
    };
    assert.is(await ask("small.bin"), `200 ${SMALL_BYTES}`);
    assert.is(await ask("big.bin"), "413 0");
  });

  t("uploads in chunks, from a pipe", async () => {
    const { base } = await served();
    const body = givenBytes(300_000).toString("latin1");
    const answer = await curl(["-T", "-", "-X", "POST", `${base}/taken`], body);
    const { bytes, sha256: hash, chunked } = JSON.parse(answer) as Record<string, unknown>;
    assert.equal([bytes, hash, chunked], [300_000, sha256(givenBytes(300_000)), true]);
  });

  t("downloads what has a length and what has none", async () => {
    const { base } = await served();
    const wanted = sha256(givenBytes(BIG_BYTES));
    for (const args of [[], ["--http1.0"]]) {
      for (const query of ["", "?chunked=1"]) {
        const body = await curl([...args, `${base}/given/${BIG_BYTES}${query}`]);
        assert.is(sha256(Buffer.from(body, "latin1")), wanted, `${args} ${query}`);
      }
    }
  });

  t("asks by HEAD, and the connection stays in step", async () => {
    const { base } = await served();
    const head = await curl(["-I", `${base}/`, `${base}/`, "-w", "%{num_connects}\n"]);
    assert.is(head.match(/^HTTP\/1\.1 200 OK\r$/gm)?.length, 2);
    assert.is(head.match(/^Content-Length: 12\r$/gim)?.length, 2);
    assert.match(head, /\r\n\r\n1\n[\s\S]*\r\n\r\n0\n$/);
  });

  t("asks for ranges, resumes, and is told of one that is not there", async () => {
    const { port } = await startServer([["/files/(.*)", StaticFileHandler, { path: folder }]]);
    const url = `http://127.0.0.1:${port}/files/small.bin`;
    const bytes = givenBytes(SMALL_BYTES).toString("latin1");
    assert.is(await curl(["-r", "0-99", url]), bytes.slice(0, 100));
    assert.is(await curl(["-r", "-10", url]), bytes.slice(-10));
    assert.is(await curl(["-C", "990", url]), bytes.slice(990));
    const status = ["-o", "/dev/null", "-w", "%{http_code}"];
    assert.is(await curl([...status, "-r", "1000-", url]), "416");
    const etag = /^etag: (\S+)\r$/im.exec(await curl(["-I", url]))?.[1] ?? "";
    assert.is(await curl([...status, "-H", `If-None-Match: ${etag}`, url]), "304");
  });

  t("gets forty answers over as many connections as it likes", async () => {
    const { base } = await served();
    const urls = `${base}/given/70000?n=[1-40]`;
    const codes = await curl(["-Z", "-o", "/dev/null", "-w", "%{http_code}\n", urls]);
    assert.is(codes, "200\n".repeat(40));
  });

  t("that leaves in the middle is noticed", async () => {
    const { base, waiting } = await served();
    const leaving = startProgram("curl", ["-sS", `${base}/waits`]);
    await within(waiting.begun.promise, "request", PATIENCE_MS);
    await endProgram(leaving);
    await within(waiting.gone.promise, "onConnectionClose", PATIENCE_MS);
  });
});
