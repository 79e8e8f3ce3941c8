/** If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, If-Range: which wins, and when it holds. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPHeaders } from "../../lib/http/httpheaders.ts";
import {
  isNotModified,
  isRangeWanted,
  preconditionFails,
  type Validators,
} from "../../lib/http/preconditions.ts";

const modified = "Sun, 06 Nov 1994 08:49:37 GMT";
const earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
const later = "Sun, 06 Nov 1994 08:49:38 GMT";
const strong: Validators = { etag: '"a"', modifiedMs: Date.parse(modified) };
const weak: Validators = { etag: 'W/"a"', modifiedMs: Date.parse(modified) };
const none: Validators = { etag: null, modifiedMs: null };

const notModified = suite("isNotModified");
const known = (fields: Record<string, string>, validators = strong) =>
  isNotModified(new HTTPHeaders(fields), validators);
notModified("compares If-None-Match weakly", () => {
  assert.ok(known({ "If-None-Match": '"a"' }));
  assert.ok(known({ "If-None-Match": 'W/"a"' }));
  assert.ok(known({ "If-None-Match": '"a"' }, weak));
  assert.ok(known({ "If-None-Match": '"x", "a"' }));
  assert.ok(known({ "If-None-Match": "*" }));
  assert.ok(known({ "If-None-Match": "*" }, none));
  assert.not(known({ "If-None-Match": '"b"' }));
  assert.not(known({ "If-None-Match": '"a"' }, none));
});
notModified("takes If-None-Match before If-Modified-Since, be it a match or not", () => {
  assert.not(known({ "If-None-Match": '"b"', "If-Modified-Since": modified }));
  assert.not(known({ "If-None-Match": "", "If-Modified-Since": modified }));
  assert.ok(known({ "If-None-Match": '"a"', "If-Modified-Since": earlier }));
});
notModified("compares If-Modified-Since by the second", () => {
  assert.ok(known({ "If-Modified-Since": modified }));
  assert.ok(known({ "If-Modified-Since": later }));
  assert.not(known({ "If-Modified-Since": earlier }));
  assert.not(known({ "If-Modified-Since": modified }, none));
});
notModified("ignores what is no date", () => {
  for (const text of ["!nv@l!d", "", "0", "Sun, 06 Nov 1994", "Sun, 31 Feb 2094 08:49:37 GMT"]) {
    assert.not(known({ "If-Modified-Since": text }), text);
  }
});
notModified("is false without a condition", () => assert.not(known({})));
notModified.run();

const failing = suite("preconditionFails");
const fails = (fields: Record<string, string>, validators = strong) =>
  preconditionFails(new HTTPHeaders(fields), validators);
failing("compares If-Match strongly", () => {
  assert.not(fails({ "If-Match": '"a"' }));
  assert.not(fails({ "If-Match": '"b", "a"' }));
  assert.not(fails({ "If-Match": "*" }));
  assert.ok(fails({ "If-Match": '"b"' }));
  assert.ok(fails({ "If-Match": 'W/"a"' }));
  assert.ok(fails({ "If-Match": '"a"' }, weak));
  assert.ok(fails({ "If-Match": 'W/"a"' }, weak));
  assert.ok(fails({ "If-Match": "a" }));
  assert.ok(fails({ "If-Match": "" }));
});
failing("takes If-Match before If-Unmodified-Since", () => {
  assert.not(fails({ "If-Match": '"a"', "If-Unmodified-Since": earlier }));
  assert.ok(fails({ "If-Match": '"b"', "If-Unmodified-Since": later }));
});
failing("compares If-Unmodified-Since by the second, and ignores what is no date", () => {
  assert.not(fails({ "If-Unmodified-Since": modified }));
  assert.not(fails({ "If-Unmodified-Since": later }));
  assert.ok(fails({ "If-Unmodified-Since": earlier }));
  assert.not(fails({ "If-Unmodified-Since": "yesterday" }));
  assert.not(fails({ "If-Unmodified-Since": earlier }, none));
});
failing("is false without a condition", () => assert.not(fails({})));
failing.run();

const ifRange = suite("isRangeWanted");
const wanted = (value: string, validators = strong) =>
  isRangeWanted(new HTTPHeaders({ "If-Range": value }), validators);
ifRange("holds without If-Range", () => {
  assert.ok(isRangeWanted(new HTTPHeaders(), strong));
});
ifRange("compares tags strongly", () => {
  assert.ok(wanted('"a"'));
  assert.not(wanted('"b"'));
  assert.not(wanted('W/"a"'));
  assert.not(wanted('W/"a"', weak));
  assert.not(wanted('"a"', weak));
  assert.not(wanted('"b", "a"'));
  assert.not(wanted("*"));
});
ifRange("takes the exact date of Last-Modified, and no other", () => {
  assert.ok(wanted(modified));
  assert.not(wanted(earlier));
  assert.not(wanted(later));
  assert.not(wanted("!nv@l!d"));
  assert.not(wanted(""));
});
ifRange.run();
