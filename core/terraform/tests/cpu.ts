/** Returns the milliseconds of processor time that a piece of work takes: a busy machine does not make it more. */
export function measureCpu(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
