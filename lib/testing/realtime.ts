/**
 * Node's timers as they were when this was imported: bounds of tests are of real time, whatever a test does to the timers
 * of its process.
 */
const { setTimeout, clearTimeout, setImmediate } = globalThis;

export type Timer = NodeJS.Timeout;

export { clearTimeout, setImmediate, setTimeout };
