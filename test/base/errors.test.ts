/** The errors of the framework and the table of their codes. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CodedError,
  errorTable,
  HTTPInputError,
  assert as invariant,
  SystemError,
} from "../../lib/base/errors.ts";

const errors = suite("errors");

errors("carry a stable code and the name of their class in the stack", () => {
  const error = new CodedError("ERR_STATE", "too late");
  assert.is(error.code, "ERR_STATE");
  assert.is(error.message, "too late");
  assert.is(error.name, "CodedError");
  assert.match(error.stack ?? "", /^CodedError: too late\n/);
  assert.not("cause" in error);
});

errors("keep their cause, an undefined one too", () => {
  const cause = new Error("first");
  assert.is(new CodedError("ERR_STATE", "then", { cause }).cause, cause);
  assert.ok("cause" in new CodedError("ERR_STATE", "then", { cause: undefined }));
});

errors("of a peer carry the status of the answer", () => {
  const error = new HTTPInputError(413, "ERR_HTTP_BODY_TOO_LARGE", "too large");
  assert.instance(error, CodedError);
  assert.is(error.status, 413);
  assert.is(error.name, "HTTPInputError");
});

errors("of the kernel carry errno and system call", () => {
  const error = new SystemError("EADDRINUSE", "listen", "in use");
  assert.instance(error, CodedError);
  assert.is(error.code, "EADDRINUSE");
  assert.is(error.syscall, "listen");
  assert.is(error.name, "SystemError");
});

errors("of ours say that they are ours", () => {
  invariant(true, "fine");
  assert.throws(
    () => invariant(false, "two owners"),
    (error: unknown) => error instanceof CodedError && error.code === "ERR_ASSERTION",
  );
});

errors("have codes that begin with ERR_ and a meaning of one line", () => {
  for (const [code, meaning] of Object.entries(errorTable)) {
    assert.match(code, /^ERR_[A-Z0-9_]+$/);
    assert.match(meaning, /^.{10,120}$/);
  }
});

errors.run();
