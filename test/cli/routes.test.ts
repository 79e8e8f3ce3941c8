/** `landspout routes`: the table of an app, in TypeScript and in JavaScript, and what cannot have one. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanUp, Project } from "./clitools.ts";

const APP = `import { Application, HostMatches, RequestHandler, route } from "landspout";
class Home extends RequestHandler { get() {} post() {} }
class User extends RequestHandler { get({ id }: { id: string }) {} }
const app = new Application([
  ["/", Home, {}, "home"],
  route("/user/:id", User),
  ["/api/.*", [["/api/x", User], [new HostMatches("a\\\\.com"), [["/api/y", User, {}, "y"]]]]],
  ["/f", async function answer() { return new Response("f"); }],
]);
setInterval(() => {}, 1000);
export default app;
`;

const table = suite("landspout routes");

table.after.each(cleanUp);

table("prints patterns, methods, handlers, names and conditions", async () => {
  const project = new Project({ "app.ts": APP }, ["esbuild"]);
  const { code, stdout, stderr } = await project.ran(["routes", "app.ts"]);
  assert.is(stderr, "");
  assert.is(
    stdout,
    `METHODS                PATTERN    HANDLER  NAME  ONLY FOR
GET HEAD POST OPTIONS  /          Home     home
GET HEAD OPTIONS       /user/:id  User
GET HEAD OPTIONS       /api/x     User           path /api/.*
GET HEAD OPTIONS       /api/y     User     y     path /api/.*, host a\\.com
any                    /f         answer
`,
  );
  assert.is(code, 0);
});

table("prints JSON", async () => {
  const project = new Project({ "app.ts": APP }, ["esbuild"]);
  const { code, stdout } = await project.ran(["routes", "app.ts", "--json"]);
  const list = JSON.parse(stdout);
  assert.is(list.length, 5);
  assert.equal(list[0], {
    pattern: "/",
    methods: ["GET", "HEAD", "POST", "OPTIONS"],
    handler: "Home",
    name: "home",
    conditions: [],
  });
  assert.is(list[4].methods, null);
  assert.is(code, 0);
});

table("knows apps of other shapes: CommonJS, a list of routes, a named export", async () => {
  const project = new Project({
    "a.cjs": `const { RequestHandler } = require("landspout");
      module.exports = [["/a", class A extends RequestHandler { get() {} }]];`,
    "b.js": `import { Application } from "landspout"; export const app = new Application();`,
  });
  const { stdout } = await project.ran(["routes", "a.cjs"]);
  assert.match(stdout, /\/a +A\n$/);
  assert.is((await project.ran(["routes", "b.js"])).code, 0);
});

table("says why there is none", async () => {
  const project = new Project({
    "none.js": "console.log();",
    "class.js": "export default class Home {}",
    "function.js": "export default () => {};",
    "number.js": "export default 5;",
  });
  const cases: [file: string, code: number, sentence: RegExp][] = [
    ["none.js", 2, /^landspout: none\.js exports no app, .*: write "export default app"\n$/],
    ["function.js", 2, /^landspout: function\.js exports no Application/],
    [
      "class.js",
      1,
      /^landspout: class\.js cannot be started: class\.js exports the class Home; allowed are an Application/,
    ],
    ["number.js", 1, /^landspout: number\.js cannot be started: number\.js exports 5; allowed are/],
  ];
  for (const [file, code, sentence] of cases) {
    const ended = await project.ran(["routes", file]);
    assert.match(ended.stderr, sentence);
    assert.is(ended.code, code);
  }
});

table.run();
