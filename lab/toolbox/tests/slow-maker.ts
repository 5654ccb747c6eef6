// node slow-maker.ts FOLDER LOG MILLISECONDS|EVENT: obtains `saw` by a build that writes half a binary, waits for a time
// or until LOG has the event, and writes the other half. LOG gets one line per event; several of these at once, or one of them killed, are what the tests look at.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleMakers, samplePorts } from '#lab/toolbox/tests/samples.ts';
import { obtainFrom } from '#lab/toolbox/toolbox.ts';

const [folder = '', log = '', delay = '0'] = process.argv.slice(2);
const tell = (line: string) => appendFileSync(log, `${line}\n`);

const makers = sampleMakers([], {
  build: async (_tool, staging) => {
    writeFileSync(join(staging, 'bin', 'saw'), 'half ');
    tell('half');
    if (/^\d+$/.test(delay)) await sleep(Number(delay));
    else while (!readFileSync(log, 'utf8').split('\n').includes(delay)) await sleep(20);
    writeFileSync(join(staging, 'bin', 'saw'), 'half and half');
    tell('whole');
  },
});
await obtainFrom(samplePorts(folder, makers), ['saw'], {
  say: (line) => tell(line.includes('waiting for process') ? 'waits' : line),
  step: (_name, work) => work(() => {}),
});
tell('ended');
