// Runs inside a pod. `listen PORT…` serves TCP and UDP on the ports; `probe JSON` says of each target whether it answers.
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

const WITHIN_MS = 2_500;
// a question for the address of the API server's service, as any resolver asks it
const QUESTION = Buffer.concat([
  Buffer.from('2a2a01000001000000000000', 'hex'),
  ...['kubernetes', 'default', 'svc', 'cluster', 'local'].map((part) =>
    Buffer.concat([Buffer.from([part.length]), Buffer.from(part)]),
  ),
  Buffer.from('0000010001', 'hex'),
]);

const probes = {
  tcp: (host, port, done) => {
    const socket = connect({ host, port });
    socket.once('connect', () => done('open'));
    socket.once('error', (error) => done(error.code));
    return () => socket.destroy();
  },
  udp: (host, port, done) => {
    const socket = createSocket('udp4');
    socket.once('message', () => done('open'));
    socket.once('error', (error) => done(error.code));
    socket.send(QUESTION, port, host);
    return () => socket.close();
  },
};

function probe({ name, host, port, protocol }) {
  return new Promise((resolve) => {
    const end = (answer) => {
      clearTimeout(timer);
      close();
      resolve([name, answer]);
    };
    const timer = setTimeout(() => end('closed'), WITHIN_MS);
    const close = probes[protocol](host, port, end);
  });
}

function listen(port) {
  const ignore = () => {}; // the pod's own program has the port
  createServer((socket) => socket.on('error', ignore).end('here'))
    .on('error', ignore)
    .listen(port);
  const udp = createSocket('udp4').on('error', ignore);
  udp.on('message', (_text, from) => udp.send('here', from.port, from.address)).bind(port);
}

const [verb, ...args] = process.argv.slice(2);
if (verb === 'listen') {
  for (const port of args) listen(Number(port));
  console.log('listening');
} else {
  const answers = await Promise.all(JSON.parse(args[0]).map(probe));
  console.log(JSON.stringify(Object.fromEntries(answers)));
}
