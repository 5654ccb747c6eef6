import type { KubeObject } from '#core/manifests/objects.ts';
import { textAt } from '#core/manifests/value.ts';

/** Returns whether an object asks Argo CD for an option by its annotation, such as `Prune=false`. */
export function hasSyncOption({ root }: KubeObject, option: string): boolean {
  const options = textAt(root, 'metadata', 'annotations', 'argocd.argoproj.io/sync-options') ?? '';
  return options.split(',').some((one) => one.trim() === option);
}

/** Returns whether Argo CD deletes the object and makes it again at each sync, as it does with most hooks. */
export function isHook({ root }: KubeObject): boolean {
  const [hook, policy] = ['hook', 'hook-delete-policy'].map((name) =>
    textAt(root, 'metadata', 'annotations', `argocd.argoproj.io/${name}`),
  );
  return hook !== undefined && (policy === undefined || policy.includes('BeforeHookCreation'));
}
