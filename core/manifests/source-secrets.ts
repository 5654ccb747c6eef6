import { posix } from 'node:path';
import { readObjects } from '#core/manifests/objects.ts';
import { listSecrets } from '#core/manifests/secrets.ts';
import { listAt, readDocuments, textAt } from '#core/manifests/value.ts';

/**
 * Returns the secrets among the files that an overlay is rendered from, for what kustomize says where it does not render:
 * the values of Secrets, and what secret generators are given.
 */
export function listSourceSecrets(files: ReadonlyMap<string, Buffer>): string[] {
  return [...files].flatMap(([path, content]) => {
    if (!/\.ya?ml$|(^|\/)Kustomization$/.test(path)) return [];
    const text = content.toString('utf8');
    return [...listSecrets(readObjects([text])), ...listGenerated(text, posix.dirname(path), files)];
  });
}

function listGenerated(text: string, folder: string, files: ReadonlyMap<string, Buffer>): string[] {
  const generators = readDocuments(text).flatMap(({ fields }) => listAt(fields, 'secretGenerator'));
  return generators.flatMap((generator) => {
    const texts = (field: string): string[] => listAt(generator, field).filter((one) => typeof one === 'string');
    const read = (path: string): string[] => {
      const content = files.get(posix.join(folder, path));
      return content === undefined ? [] : [content.toString('utf8')];
    };
    const env = textAt(generator, 'env');
    const lines = [...texts('envs'), ...(env === undefined ? [] : [env])]
      .flatMap(read)
      .flatMap((one) => one.split(/\r?\n/));
    return [
      ...[...texts('literals'), ...lines].flatMap((pair) => [pair, pair.slice(pair.indexOf('=') + 1)]),
      ...texts('files').flatMap((file) => read(file.slice(file.indexOf('=') + 1))),
    ];
  });
}
