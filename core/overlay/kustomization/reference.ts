/** Returns `host:port/name:tag@digest` without tag and digest, as kustomize cuts it. */
export function withoutTag(reference: string): string {
  const plain = reference.replace(/@.*$/, '');
  const colon = plain.indexOf(':', plain.lastIndexOf('/') + 1);
  return colon === -1 ? plain : plain.slice(0, colon);
}
