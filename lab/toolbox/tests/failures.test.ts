import { describe, expect, test } from '@jest/globals';
import { CommandError } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import { explainFailure, isNetworkFailure } from '#lab/toolbox/failures.ts';

const step = { what: 'etcd 3.6.5', folders: ['/', '/no/such/folder'], source: 'GOPROXY' };

function commandError(stderr: string, reason = 'exited with code 1'): CommandError {
  return new CommandError({ argv: ['go', 'build'], code: 1, reason, stderr });
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something, write`), { code, syscall: 'write' });
}

function messageOf(error: unknown): string {
  const refusal = explainFailure(step, error);
  if (!(refusal instanceof Refusal)) throw new Error('not a refusal');
  expect(refusal.cause).toBe(error);
  return refusal.message;
}

describe('a person is told', () => {
  test.each([
    commandError('write /tmp/go-build1/b001/_pkg_.a: no space left on device'),
    commandError('link: mapping output file failed: no space left on device'),
    commandError("E: You don't have enough free space in /var/cache/apt/archives/. not enough free space"),
    commandError('ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device'),
    systemError('ENOSPC'),
  ])('that the disk is full: %s', (error) => {
    expect(messageOf(error)).toMatch(
      /^etcd 3\.6\.5: the disk is full \(\/ has \d+ MB free, \/no\/such\/folder has an unknown number of MB free\)\. Make room/,
    );
  });

  test.each([
    [
      'go: github.com/x/y@v1.2.3: Get "http://proxy": dial tcp: lookup proxy on 10.0.0.1:53: no such host',
      'no such host',
    ],
    ['go: reading http://proxy/x: read tcp 10.0.0.2:4->10.0.0.1:80: connection reset by peer', 'connection reset'],
    ['E: Failed to fetch http://d/p.deb  Temporary failure resolving', 'Temporary failure resolving'],
    ['WARNING: Retrying after connection broken by NewConnectionError', 'NewConnectionError'],
  ])('that the network failed: %s', (stderr, part) => {
    const error = commandError(`go: downloading a\n${stderr}\nlast`);
    expect(isNetworkFailure(error)).toBe(true);
    const message = messageOf(error);
    expect(message).toContain(part);
    expect(message).not.toContain('downloading a');
    expect(message).toMatch(/Check the network and GOPROXY, then run it again; what is built already is kept\.$/);
  });

  test.each([
    commandError('k8s.io/api/core/v1: /usr/lib/go/compile: signal: killed'),
    commandError('', 'was ended by SIGKILL'),
  ])('that memory was short: %s', (error) => {
    expect(messageOf(error)).toMatch(/^etcd 3\.6\.5: the build was killed, most likely for want of memory\./);
  });

  test.each([commandError('mkdir /go/pkg: permission denied'), systemError('EACCES'), systemError('EROFS')])(
    'that a folder cannot be written: %s',
    (error) => {
      expect(messageOf(error)).toMatch(/^etcd 3\.6\.5: a folder cannot be written \(.*\)\. Give this user the right/);
    },
  );

  test('what the compiler says, when it is none of these', () => {
    expect(messageOf(commandError('main.go:3: undefined: x'))).toBe(
      'etcd 3.6.5 could not be built: go build exited with code 1\nmain.go:3: undefined: x',
    );
  });
});

test('a refusal and a bug of ours stay as they are', () => {
  for (const error of [new Refusal('no'), new TypeError('x is undefined'), 'thrown text']) {
    expect(explainFailure(step, error)).toBe(error);
    expect(isNetworkFailure(error)).toBe(false);
  }
});
