#!/usr/bin/env node
// The command `landspout`. This file has no syntax that an old Node.js does not know: it says which one is needed before
// anything is loaded that would be a syntax error there. The rest is main.ts.
//
// biome-ignore-all lint/complexity/useArrowFunction: they are new
// biome-ignore-all lint/complexity/useOptionalChain: they are new
// biome-ignore-all lint/style/useTemplate: they are new
// biome-ignore-all lint/suspicious/noVar: the others are new
// biome-ignore-all lint/suspicious/noRedundantUseStrict: this is no module
"use strict";

var OLDEST = [20, 20];

var version = process.versions.node;
var parts = version.split(".").map(Number);

if (parts[0] < OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] < OLDEST[1])) {
  console.error(
    "landspout: this is Node.js " +
      version +
      "; landspout needs " +
      OLDEST.join(".") +
      " or later: install one from https://nodejs.org/ or your package manager",
  );
  process.exitCode = 1;
} else {
  import("../../dist/lib/cli/main.js").then(
    function (main) {
      return main.run(process.argv.slice(2));
    },
    function (error) {
      var code = error && typeof error.code === "string" ? error.code : "";
      var isOurs = /^ERR_(NATIVE|LLHTTP|ZLIB)/.test(code);
      console.error("landspout: " + (isOurs ? error.message : (error && error.stack) || error));
      process.exitCode = 1;
    },
  );
}
