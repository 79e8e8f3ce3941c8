/** addHandler and updateHandler, called wrongly: what is refused, with what, and that it changes nothing. */
import { closeSync, openSync } from "node:fs";
import * as assert from "uvu/assert";
import { CodedError, SystemError } from "../../lib/base/errors.ts";
import { IOLoop } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { isSanitized, loopSuite, runChild } from "./looptools.ts";

const { READ } = IOLoop;
const ignore = (): void => {};
const coded = (code: string) => (error: unknown) =>
  error instanceof CodedError && error.code === code;

const refusal = loopSuite("addHandler()");

refusal(
  "of a descriptor that has a handler throws ERR_HANDLER_EXISTS, and keeps the first",
  async ({ loop, pipe }) => {
    const fifo = pipe();
    let calls = 0;
    loop.addHandler(
      fifo.reader,
      (fd) => {
        calls++;
        loop.removeHandler(fd);
      },
      READ,
    );
    assert.throws(
      () => loop.addHandler(fifo.reader, () => assert.unreachable(), READ),
      coded("ERR_HANDLER_EXISTS"),
    );
    fifo.send();
    await until(() => calls === 1, "event");
  },
);

refusal("of a regular file throws SystemError EPERM, and says why", ({ loop }) => {
  const fd = openSync("/proc/self/exe", "r");
  try {
    assert.throws(
      () => loop.addHandler(fd, ignore, READ),
      (error: unknown) =>
        error instanceof SystemError &&
        error.code === "EPERM" &&
        error.syscall === "epoll_ctl" &&
        /regular file/.test(error.message),
    );
  } finally {
    closeSync(fd);
  }
});

refusal("of a number that is no open descriptor throws SystemError EBADF", ({ loop }) => {
  assert.throws(
    () => loop.addHandler(19_999, ignore, READ),
    (error: unknown) => error instanceof SystemError && error.code === "EBADF",
  );
});

refusal("of the greatest number there is costs no memory", async () => {
  const { code, stdout, stderr } = await runChild(import.meta.url, "loop.child.js", {
    args: ["huge"],
    limits: isSanitized ? [] : ["-d 4000000"],
  });
  assert.equal([stdout, code], ["EBADF\n", 0], stderr);
});

refusal("of what is no descriptor throws ERR_ARGUMENT_TYPE", ({ loop }) => {
  const wrong = [-1, 1.5, Number.NaN, 2 ** 53, "1", null, undefined, {}, { fd: "1" }, { fd: -1 }];
  for (const fd of wrong) {
    for (const call of [
      () => loop.addHandler(fd as number, ignore, READ),
      () => loop.updateHandler(fd as number, READ),
      () => loop.removeHandler(fd as number),
    ]) {
      assert.throws(call, coded("ERR_ARGUMENT_TYPE"), String(fd));
    }
  }
});

refusal("of a number past those of descriptors means no other", ({ loop, pipe }) => {
  const { reader } = pipe();
  assert.throws(() => loop.addHandler(2 ** 32 + reader, ignore, READ));
  loop.addHandler(reader, ignore, READ);
});

refusal("without a function or without events throws", ({ loop, pipe }) => {
  const { reader } = pipe();
  assert.throws(
    () => loop.addHandler(reader, "no" as unknown as () => void, READ),
    coded("ERR_ARGUMENT_TYPE"),
  );
  assert.throws(() => loop.addHandler(reader, ignore, undefined as unknown as number));
  assert.throws(() => loop.addHandler(reader, ignore, "1" as unknown as number));
  loop.addHandler(reader, ignore, READ);
});

refusal("is not done by updateHandler(), which throws ERR_HANDLER_MISSING", ({ loop, pipe }) => {
  const { reader } = pipe();
  assert.throws(() => loop.updateHandler(reader, READ), coded("ERR_HANDLER_MISSING"));
});

refusal("may have its events refused later: of a descriptor that was closed", ({ loop, pipe }) => {
  const fifo = pipe();
  loop.addHandler(fifo.reader, ignore, READ);
  fifo.close("reader");
  assert.throws(
    () => loop.updateHandler(fifo.reader, READ),
    (error: unknown) => error instanceof SystemError && error.code === "EBADF",
  );
  loop.removeHandler(fifo.reader);
});

refusal.run();
