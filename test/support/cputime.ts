/** How much a test has cost, whoever else had the machine meanwhile. */

/** CPU time that this process has used, all of its threads, in ms. Not the time of day: on a busy machine that says nothing. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
