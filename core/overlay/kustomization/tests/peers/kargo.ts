import type { Peer } from '#core/overlay/kustomization/tests/peers/cases.ts';
export const kargo: Peer = {
  name: 'kargo',
  compares: 'text',
  cases: [{ name: 'x', overlay: '', peer: 'refuses', refuses: /x/ }],
};
