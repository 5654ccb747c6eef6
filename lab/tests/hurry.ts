import { editFile } from './edit-file.ts';

/** Puts the tenant into a hurry: hours become seconds, the age of a login that alarms `alarmS`, and nothing else differs. */
export function hurry(clone: string, alarmS: number): void {
  editFile(clone, 'base/discord-bot/secrets.yaml', 'refreshInterval: 1m0s', 'refreshInterval: 5s');
  editFile(clone, 'base/registry/ecr-registry.yaml', 'refreshInterval: 6h0m0s', 'refreshInterval: 12s');
  editFile(clone, 'argocd/platform/health.yaml', 'and 39600 or nil', `and ${alarmS} or nil`);
}
