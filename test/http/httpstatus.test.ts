/** Reason phrases and bodiless statuses. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isBodiless, reasonPhrase } from "../../lib/http/httpstatus.ts";

const status = suite("a status code");

status("has the phrase of IANA's table, or Unknown", () => {
  assert.is(reasonPhrase(200), "OK");
  assert.is(reasonPhrase(404), "Not Found");
  assert.is(reasonPhrase(413), "Content Too Large");
  assert.is(reasonPhrase(431), "Request Header Fields Too Large");
  assert.is(reasonPhrase(505), "HTTP Version Not Supported");
  assert.is(reasonPhrase(299), "Unknown");
});

status("of 1xx, 204 and 304 has no body", () => {
  const bodiless = [100, 101, 103, 199, 204, 304];
  for (const code of bodiless) assert.ok(isBodiless(code), String(code));
  for (const code of [200, 203, 205, 303, 305, 400, 500])
    assert.not(isBodiless(code), String(code));
});

status.run();
