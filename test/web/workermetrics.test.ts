/** MetricsHandler under prefork: whichever worker answers, the page is of all. */
import * as assert from "uvu/assert";
import { Prefork, preforkSuite } from "../process/preforktools.ts";
import { RawClient } from "../support/rawclient.ts";

const t = preforkSuite("the metrics of two workers");

t("are added up, the program's own among them, whichever answers", async () => {
  const program = new Prefork({}, { script: "../web/workermetrics.child.js" });
  await program.serves(2);
  const pages = new Map<string, string>();
  const clients: RawClient[] = [];
  let requests = 0;
  while (pages.size < 2) {
    const client = await RawClient.connect({ port: program.port });
    clients.push(client);
    const { text: task } = await client.get("/");
    requests++;
    if (pages.has(task)) continue;
    pages.set(task, (await client.get("/metrics")).text);
    requests++;
  }
  const [first = "", second = ""] = pages.values();
  for (const page of [first, second]) {
    assert.match(page, /^landspout_processes 2$/m);
    assert.match(page, /^shop_sales_total 11$/m);
  }
  assert.match(second, new RegExp(`^landspout_http_requests_total ${requests}$`, "m"));
  for (const client of clients) client.destroy();
  program.kill("SIGTERM");
  assert.is(await program.end(), 0);
});

t.run();
