import { expect, test } from '@jest/globals';
import { buildctlArgs, renderBuildkitConfig } from '#lab/docker/buildkit.ts';

test('BuildKit keeps everything in its folder and in the cgroup of the lab, and speaks plain HTTP to the registry', () => {
  const config = renderBuildkitConfig({ folder: '/lab/buildkit', cgroup: '/slipway-abc123', registry: '127.0.0.1:5' });
  const paths = [...config.matchAll(/"(?:unix:\/\/)?(\/[^"]*)"/g)].map(([, path]) => path);
  expect(paths.filter((path) => !path?.startsWith('/lab/buildkit/'))).toEqual(['/slipway-abc123']);
  expect(config).toContain('[registry."127.0.0.1:5"]\nhttp = true\n');
  for (const place of ['root = ', 'address = ', 'socketPath = ', 'binary = ']) expect(config).toContain(place);
});

test.each([true, false])('a build pushes only where it is asked to: %s', (push) => {
  const name = '127.0.0.1:5/app:latest';
  const args = buildctlArgs({ folder: '/checkout', buildArgs: { BASE: 'base', NPM: 'http://a?b=c' }, name, push });
  expect(args.join(' ')).toBe(
    `build --progress quiet --frontend dockerfile.v0 --local context=/checkout --local dockerfile=/checkout --opt build-arg:BASE=base --opt build-arg:NPM=http://a?b=c --output type=image,name=${name},push=${push}`,
  );
});
