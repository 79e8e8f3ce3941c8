/** onSignal(): callbacks of signals, in this process, by SIGUSR2. */
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onSignal } from "../../lib/index.ts";
import { programListens } from "../../lib/process/signals.ts";
import { until } from "../support/deferred.ts";
import { logged, serverSuite } from "../support/servers.ts";

const SIGNAL = "SIGUSR2";

const t = serverSuite("onSignal()");

t("calls each callback at each signal, with its name, until it is taken back", async () => {
  const calls: string[] = [];
  const removeFirst = onSignal(SIGNAL, (signal) => calls.push(`first ${signal}`));
  const removeSecond = onSignal(SIGNAL, () => calls.push("second"));
  process.kill(process.pid, SIGNAL);
  await until(() => calls.length === 2, "both calls");
  assert.equal(calls, [`first ${SIGNAL}`, "second"]);
  removeFirst();
  removeFirst();
  process.kill(process.pid, SIGNAL);
  await until(() => calls.length === 3, "the third call");
  assert.is(calls[2], "second");
  assert.is(process.listenerCount(SIGNAL), 1);
  removeSecond();
  assert.is(process.listenerCount(SIGNAL), 0);
});

t("logs what a callback throws or rejects with; the others are called all the same", async () => {
  let isCalled = false;
  const removers = [
    onSignal(SIGNAL, () => {
      throw new Error("thrown");
    }),
    onSignal(SIGNAL, async () => {
      throw new Error("rejected");
    }),
    onSignal(SIGNAL, () => {
      isCalled = true;
    }),
  ];
  process.kill(process.pid, SIGNAL);
  await until(() => isCalled && logged("error").length === 2, "the call and two errors");
  for (const remove of removers) remove();
});

t("takes the same function twice, as two callbacks", async () => {
  let count = 0;
  const callback = () => count++;
  const removers = [onSignal(SIGNAL, callback), onSignal(SIGNAL, callback)];
  process.kill(process.pid, SIGNAL);
  await until(() => count === 2, "two calls");
  for (const remove of removers) remove();
});

t("makes the program one that listens itself", () => {
  assert.is(programListens(SIGNAL), false);
  const remove = onSignal(SIGNAL, () => {});
  assert.is(programListens(SIGNAL), true);
  remove();
  const listener = () => {};
  process.on(SIGNAL, listener);
  assert.is(programListens(SIGNAL), true);
  process.removeListener(SIGNAL, listener);
  assert.is(programListens(SIGNAL), false);
});

t("refuses what is no signal, cannot be caught, or no function", () => {
  for (const signal of ["SIGNAL", "sigterm", "SIGKILL", "SIGSTOP", "constructor", ""]) {
    assert.throws(
      () => onSignal(signal as NodeJS.Signals, () => {}),
      (error: { code?: string }) => error.code === "ERR_ARGUMENT_RANGE",
    );
  }
  assert.throws(
    () => onSignal(SIGNAL, undefined as unknown as () => void),
    (error: { code?: string }) => error.code === "ERR_ARGUMENT_TYPE",
  );
});

t("refuses a worker thread, which gets no signals", async () => {
  const module = new URL("../../lib/index.js", import.meta.url).href;
  const code = `
    import { parentPort } from "node:worker_threads";
    const { onSignal } = await import(${JSON.stringify(module)});
    try { onSignal("SIGUSR2", () => {}); } catch (error) { parentPort.postMessage(error.code); }`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  const said: unknown[] = [];
  worker.on("message", (message) => said.push(message));
  await until(() => said.length > 0, "what the worker says");
  assert.equal(said, ["ERR_STATE"]);
  await worker.terminate();
});

t.run();

const quiet = suite("importing the framework");
quiet("listens for no signal", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", SIGNAL] as const) {
    assert.is(process.listenerCount(signal), 0);
  }
});
quiet.run();
