/** Error pages of debug mode, and that nothing of them is ever shown without it. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { serverSuite, startServer } from "../support/servers.ts";

class Fails extends RequestHandler {
  get() {
    const cause = new TypeError("<b>deep</b>");
    throw new Error("deliberate <script>", { cause });
  }
  post() {
    throw { odd: "<i>" };
  }
}

const routes: Parameters<typeof startServer>[0] = [["/", Fails]];
const page = serverSuite("the error page of debug mode");
page("shows the error, its cause and the source that threw", async () => {
  const { connect } = await startServer(routes, {}, { debug: true });
  const response = await (await connect()).get("/?a=1", "X-Seen: yes\r\nCookie: secret=1\r\n");
  assert.is(response.status, 500);
  assert.is(response.header("content-type"), "text/html; charset=UTF-8");
  assert.match(response.text, /500: Internal Server Error/);
  assert.match(response.text, /Error: deliberate &lt;script&gt;/);
  assert.match(response.text, /caused by TypeError: &lt;b&gt;deep&lt;\/b&gt;/);
  assert.match(response.text, /class="thrown"><i>\d+<\/i>.*throw new Error\(&quot;deliberate/);
  assert.match(response.text, /GET \/\?a=1 HTTP\/1\.1/);
  assert.match(response.text, /X-Seen<\/th><td>yes/);
});
page("escapes all it shows, and hides credentials", async () => {
  const { connect } = await startServer(routes, {}, { debug: true });
  const response = await (await connect()).get("/?<img>", "Cookie: s=1\r\n");
  assert.is(/<script>|<b>|<img>|s=1/.test(response.text), false);
});
page("shows what is no Error", async () => {
  const { connect } = await startServer(routes, {}, { debug: true });
  const client = await connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  assert.match((await client.readResponse()).text, /odd: &#x27;&lt;i&gt;&#x27;/);
});
page("is plain text for who does not read HTML", async () => {
  const { connect } = await startServer(routes, {}, { debug: true });
  const response = await (await connect()).get("/", "Accept: application/json\r\n");
  assert.is(response.header("content-type"), "text/plain; charset=UTF-8");
  assert.match(response.text, /Error: deliberate <script>\n {4}at /);
});
page("is plain text with serveTraceback alone", async () => {
  const { connect } = await startServer(routes, {}, { serveTraceback: true });
  const response = await (await connect()).get("/");
  assert.is(response.header("content-type"), "text/plain; charset=UTF-8");
  assert.match(response.text, /deliberate/);
});
page("is not shown in public", async () => {
  for (const settings of [{}, { debug: true, serveTraceback: false }]) {
    const { connect } = await startServer(routes, {}, settings);
    const response = await (await connect()).get("/");
    assert.is(
      response.text,
      "<html><title>500: Internal Server Error</title><body>500: Internal Server Error</body></html>",
    );
  }
});
page.run();
