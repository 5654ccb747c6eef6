/** Returns what kills a process a while after it has started, in milliseconds; one that has ended by then is left. */
export function killAfter(milliseconds: number): (pid: number) => void {
  return (pid) => {
    setTimeout(() => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it was done already
      }
    }, milliseconds);
  };
}
