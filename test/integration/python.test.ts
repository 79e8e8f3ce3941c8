/** Python's http.client, and the WebSockets of Debian's python3-websockets, against an app. */
import * as assert from "uvu/assert";
import { startServer } from "../support/servers.ts";
import { neighbourApp } from "./app.ts";
import { PYTHON_3, PYTHON_WEBSOCKETS, programSuite, python } from "./programs.ts";

async function served(): Promise<string> {
  const { port } = await startServer(neighbourApp().routes);
  return String(port);
}

programSuite("Python's http.client", PYTHON_3, (t) => {
  t(
    "keeps connections, sends and reads chunks, speaks HTTP/1.0, has pipelined requests answered in order",
    async () => {
      const said = await python("httpclient.py", await served());
      assert.equal(said.trim().split("\n"), [
        "ok keeps_a_connection",
        "ok sends_and_reads_chunks",
        "ok speaks_http_1_0",
        "ok pipelines",
      ]);
    },
  );
});

programSuite("Python's websockets", PYTHON_WEBSOCKETS, (t) => {
  t(
    "echo with and without compression, in fragments, by twenty at once; a foreign origin is refused",
    async () => {
      const said = await python("websocketclient.py", await served());
      assert.equal(said.trim().split("\n"), [
        "ok compressed",
        "ok plain",
        "ok crowd",
        "ok refused",
      ]);
    },
  );
});
