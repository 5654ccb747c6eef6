import { expect, test } from '@jest/globals';
import { parseLdd } from '#lab/docker/rootfs.ts';

test('parseLdd takes libraries and the loader, not the kernel page', () => {
  const output = [
    '\tlinux-vdso.so.1 (0x00007f7ef549e000)',
    '\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f7ef5200000)',
    '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f7ef4f3e000)',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007f7ef54a0000)',
  ].join('\n');
  expect(parseLdd(output)).toEqual([
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib/x86_64-linux-gnu/libstdc++.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});
