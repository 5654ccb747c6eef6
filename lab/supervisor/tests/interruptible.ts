// A lab of one process whose take-down needs a while; its argument says what else is the matter with it.
import { setTimeout as sleep } from 'node:timers/promises';
import { createExec } from '#core/system/exec.ts';
import { endWith, runInterruptibly } from '#lab/supervisor/interruption.ts';
import { openLab } from '#lab/supervisor/lab.ts';
import { showSteps } from '#lab/supervisor/progress.ts';
import { openTerminal } from '#lab/supervisor/terminal.ts';

const [kind] = process.argv.slice(2);
const terminal = openTerminal(process.stdout, process.env);
process.exitCode = await runInterruptibly(terminal, async (signal) => {
  if (kind === 'obtains') {
    terminal.say('up');
    await endWith(signal, () => createExec(process.env)(['sh', '-c', 'trap "" TERM; sleep 60 & wait']));
  }
  await endWith(signal, async () => {}); // what it ends from now on would be the lab's
  const lab = await openLab({ progress: showSteps(terminal), signal });
  try {
    await lab.build(async () => {
      const sleeper = await lab.start({ name: 'sleeper', argv: ['sleep', '60'] });
      lab.onStop('look', () => {
        if (!sleeper.isRunning()) console.log('its process is gone before its turn');
      });
      lab.onStop('slow', async (exec) => void (await exec(['sleep', '0.8'])));
      lab.onStop('ending', () => terminal.say('taking back'));
      terminal.say('up');
      if (kind === 'fails') throw new Error('the work failed');
      if (kind === 'crashes') setImmediate(() => Promise.reject(new Error('a stray error')));
      while (!lab.ending.aborted) await sleep(20);
    });
  } finally {
    await lab.stop();
  }
});
process.exit();
