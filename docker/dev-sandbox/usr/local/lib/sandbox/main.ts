import { createSandboxServer } from './server.ts';
import { readSettings } from './settings.ts';
import { openWorkspaces } from './workspaces.ts';

const log = (message: string): void =>
  void process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), message })}\n`);
const settings = readSettings(process.env);
const workspaces = openWorkspaces(settings, Date.now);
let stopping = false;
const { server, between } = createSandboxServer({ settings, workspaces, isStopping: () => stopping, log });

const sweep = (): void => {
  between(workspaces.sweep).then(
    ({ removed, left }) => {
      for (const name of removed)
        log(`removed the workspace ${name}, which was not used for ${settings.unusedMs / 3_600_000} hours`);
      for (const name of left) log(`the workspace ${name} could not be removed`);
    },
    (error: unknown) => log(`workspaces could not be swept: ${String(error)}`),
  );
};
sweep();
setInterval(sweep, settings.sweepMs).unref();

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stopping = true;
    log(`stopping on ${signal}`);
    server.close();
    // a run that is under way gets the rest of the grace period, and its processes go with the container
    setTimeout(() => process.exit(0), 10_000).unref();
  });
}
server.listen(settings.port, () => log(`listening on ${settings.port}`));
