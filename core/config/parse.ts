import { type Config, configSchema, type WrittenConfig } from '#core/config/config.ts';
import { type ConfigDocument, type Fault, faultAt, readDocument } from '#core/config/document.ts';
import { describeIssue } from '#core/config/issues.ts';
import { checkMeaning, namedPaths, normalizePath, type Repository } from '#core/config/meaning.ts';
import { readStackOrder } from '#core/config/stack-order.ts';
import { Refusal } from '#core/values/errors.ts';

/** Where the file is and what else the repository has. */
export interface ConfigContext extends Repository {
  /** As messages name it. */
  readonly file: string;
}

/** slipway.yaml as it is written, not yet held against what else the repository has. */
export interface UncheckedConfig {
  /** The paths that it names, for asking which of them exist; none where the file has other faults. */
  readonly named: readonly string[];
  /** Returns it as {@link Config}, or refuses it with every fault: file, line, value and remedy, a line each. */
  check(context: ConfigContext): Config;
}

/** Reads slipway.yaml, once for both: which paths it names, and whether it is right. */
export function readUnchecked(text: string): UncheckedConfig {
  const read = readWritten(text);
  return {
    named: 'faults' in read ? [] : namedPaths(read.written).map(({ path }) => path),
    check: ({ file, ...repository }) => {
      if ('faults' in read) throw describeFaults(read.faults, file);
      const { written, document } = read;
      const faults = checkMeaning(written, repository).map(({ path, sentence }) => faultAt(document, path, sentence));
      if (faults.length > 0) throw describeFaults(faults, file);
      return toConfig(written);
    },
  };
}

/** Returns slipway.yaml as {@link Config}, or refuses it with every fault: file, line, value and remedy, a line each. */
export function parseConfig(text: string, context: ConfigContext): Config {
  return readUnchecked(text).check(context);
}

function readWritten(text: string): { written: WrittenConfig; document: ConfigDocument } | { faults: Fault[] } {
  const document = readDocument(text);
  if ('faults' in document) return document;
  const parsed = configSchema.safeParse(document.tree.toJS());
  if (parsed.success) return { written: parsed.data, document };
  return { faults: parsed.error.issues.flatMap((issue) => describeIssue(issue, document)) };
}

function describeFaults(faults: readonly Fault[], file: string): Refusal {
  const sorted = [...faults].sort((one, other) => one.line - other.line);
  return new Refusal(sorted.map(({ line, sentence }) => `${file}:${line}: ${sentence}`).join('\n'));
}

function toConfig({ registry, images, environments, terraform }: WrittenConfig): Config {
  return {
    registry,
    images: mapEntries(images, (image, name) => ({ name, ...image, names: image.names ?? [name] })),
    environments: mapEntries(environments, (environment, name) => ({
      name,
      ...environment,
      overlay: normalizePath(environment.overlay),
    })),
    terraform: terraform && toTerraform(terraform),
  };
}

function toTerraform(terraform: NonNullable<WrittenConfig['terraform']>): Config['terraform'] {
  const order = readStackOrder(terraform.stacks);
  const stacks = mapEntries(terraform.stacks, (stack, name) => ({
    ...stack,
    folder: normalizePath(stack.folder),
    after: order.get(name) ?? [],
  }));
  return { ...terraform, stacks };
}

function mapEntries<Value, Result>(
  record: Readonly<Record<string, Value>>,
  convert: (value: Value, name: string) => Result,
): Map<string, Result> {
  return new Map(Object.entries(record).map(([name, value]) => [name, convert(value, name)]));
}
