import { fillReadme, readManifest } from '../../scripts/docs.ts';

/** An action as its folder holds it: path from the folder → text. */
export type ActionFiles = ReadonlyMap<string, string>;

const SOURCES = ['main', 'inputs', 'ports', 'run', 'outputs', 'summary'].map((name) => `src/${name}.ts`);
const REQUIRED_FILES = ['action.yml', 'README.md', ...SOURCES, 'dist/index.cjs'];
const MAIN_LINES = 40;

/** Returns every breach of the contract between action.yml, code and README, one sentence each. */
export function checkContract(files: ActionFiles): string[] {
  const missing = REQUIRED_FILES.filter((path) => !files.has(path));
  if (missing.length > 0) return missing.map((path) => `${path} is missing`);
  const manifest = readManifest(files.get('action.yml') ?? '');
  const code = [...files]
    .filter(([path]) => path.startsWith('src/'))
    .map(([, text]) => text)
    .join('\n');
  const read = findInputs(code);
  const set = findOutputs(files.get('src/outputs.ts') ?? '');
  const lines = (files.get('src/main.ts') ?? '').split('\n').length - 1;
  return [
    ...compare('input', Object.keys(manifest.inputs), read.names, 'read'),
    ...compare('output', Object.keys(manifest.outputs), set, 'set'),
    ...read.computed.map((call) => `${call} has a computed name: write it out, so that it can be checked`),
    ...Object.entries(manifest.inputs).flatMap(([name, input]) =>
      input.required && input.default !== undefined ? [`input ${name} is required and has a default: choose one`] : [],
    ),
    ...Object.entries({ ...manifest.inputs, ...manifest.outputs }).flatMap(([name, { description }]) =>
      description.trim() === '' ? [`${name} has no description`] : [],
    ),
    ...(lines < MAIN_LINES ? [] : [`src/main.ts has ${lines} lines: it must stay below ${MAIN_LINES}`]),
    ...checkReadme(files.get('README.md') ?? '', files.get('action.yml') ?? ''),
  ];
}

function checkReadme(readme: string, actionYml: string): string[] {
  try {
    return fillReadme(readme, actionYml) === readme
      ? []
      : ["README.md's tables are not those of action.yml: npm run docs"];
  } catch (error) {
    return [String(error)];
  }
}

function compare(kind: string, declared: readonly string[], used: ReadonlySet<string>, verb: string): string[] {
  return [
    ...declared.filter((name) => !used.has(name)).map((name) => `${kind} ${name} is declared and never ${verb}`),
    ...[...used]
      .filter((name) => !declared.includes(name))
      .map((name) => `${kind} ${name} is ${verb} and not declared`),
  ];
}

/** Inputs that are read by a literal name; what is read by anything else is reported as computed. */
function findInputs(code: string): { names: Set<string>; computed: string[] } {
  const names = new Set<string>();
  const computed: string[] = [];
  for (const match of code.matchAll(/\.input\(\s*([^)]*)/g)) {
    const argument = match[1] ?? '';
    const literal = argument.match(/^'([^']+)'|^"([^"]+)"/);
    if (literal === null) computed.push(`.input(${argument}`);
    else names.add(literal[1] ?? literal[2] ?? '');
  }
  return { names, computed };
}

/** The list OUTPUTS of outputs.ts; the compiler holds describeOutputs to it. */
function findOutputs(code: string): Set<string> {
  const list = /export const OUTPUTS = \[([^\]]*)\] as const/.exec(code)?.[1] ?? '';
  return new Set([...list.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? ''));
}
