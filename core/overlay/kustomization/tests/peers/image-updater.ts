import type { Peer } from '#core/overlay/kustomization/tests/peers/cases.ts';
export const imageUpdater: Peer = {
  name: 'image-updater',
  compares: 'text',
  cases: [{ name: 'x', overlay: '', peer: 'refuses', refuses: /x/ }],
};
