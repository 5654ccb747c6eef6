/** One overlay as people write them, and what a bump of it must give. */
export interface OverlayCase {
  readonly name: string;
  readonly text: string;
  /** Name of the file; default kustomization.yaml. */
  readonly file?: string;
  /** Images that are bumped; default discord-bot alone. */
  readonly bumped?: readonly string[];
  /** Files beside the overlay, by their path from its folder. */
  readonly beside?: Readonly<Record<string, string>>;
  /** Lines that may differ; default 1 for each bumped image. */
  readonly changedLines?: number;
}

const OLD = `sha256:${'a'.repeat(64)}`;
const entry = (rest: string): string => `resources:\n  - ../base\nimages:\n${rest}`;
const plain = entry(`  - name: discord-bot\n    newName: registry.example/discord-bot\n    digest: ${OLD}\n`);
const component = {
  '../component/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {team: bots}\n',
};

/** Fifty ways to write an overlay. */
export const overlays: readonly OverlayCase[] = [
  { name: 'plain', text: plain },
  { name: 'comment above the entry', text: plain.replace('  - name', '  # the bot\n  - name') },
  { name: 'comment behind the digest', text: plain.replace(OLD, `${OLD} # set by Slipway`) },
  { name: 'comment between the fields', text: plain.replace('    digest', '    # never by hand\n    digest') },
  { name: 'comment with a tab', text: plain.replace(OLD, `${OLD}\t# tab`) },
  { name: 'comment with the old digest', text: `# was ${OLD}\n${plain}` },
  { name: 'comment at the end', text: `${plain}# end\n` },
  { name: 'single quotes', text: plain.replace(OLD, `'${OLD}'`) },
  { name: 'double quotes', text: plain.replace(OLD, `"${OLD}"`) },
  { name: 'quoted keys', text: plain.replace('digest:', '"digest":') },
  { name: 'windows line ends', text: plain.replaceAll('\n', '\r\n') },
  { name: 'mixed line ends', text: plain.replace('images:\n', 'images:\r\n') },
  { name: 'no final newline', text: plain.trimEnd() },
  { name: 'several final newlines', text: `${plain}\n\n` },
  {
    name: 'list without indentation',
    text: plain.replace(/^ {2}- name/m, '- name').replace(/^ {4}(newName|digest)/gm, '  $1'),
  },
  {
    name: 'deep indentation',
    text: plain.replace(/^ {2}- name/m, '      -   name').replace(/^ {4}(newName|digest)/gm, '          $1'),
  },
  { name: 'spaces around the value', text: plain.replace(`digest: ${OLD}`, `digest:    ${OLD}   `) },
  {
    name: 'digest first',
    text: entry(`  - digest: ${OLD}\n    name: discord-bot\n    newName: registry.example/discord-bot\n`),
  },
  {
    name: 'digest in the middle',
    text: entry(`  - name: discord-bot\n    digest: ${OLD}\n    newName: registry.example/discord-bot\n`),
  },
  { name: 'dash on a line of its own', text: entry(`  -\n    name: discord-bot\n    digest: ${OLD}\n`) },
  { name: 'without newName', text: entry(`  - name: discord-bot\n    digest: ${OLD}\n`) },
  { name: 'newName with a port', text: plain.replace('registry.example', 'registry.example:5000') },
  { name: 'Kustomization without extension', file: 'Kustomization', text: plain },
  { name: 'kustomization.yml', file: 'kustomization.yml', text: plain },
  { name: 'document start', text: `---\n${plain}` },
  { name: 'document end', text: `${plain}...\n` },
  { name: 'yaml directive', text: `%YAML 1.1\n---\n${plain}` },
  { name: 'apiVersion and kind', text: `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n${plain}` },
  {
    name: 'images before resources',
    text: `images:\n  - name: discord-bot\n    digest: ${OLD}\nresources: [../base]\n`,
  },
  {
    name: 'flow entry',
    text: entry(`  - {name: discord-bot, newName: registry.example/discord-bot, digest: "${OLD}"}\n`),
  },
  { name: 'flow list', text: `resources: [../base]\nimages: [{name: discord-bot, digest: "${OLD}"}]\n` },
  {
    name: 'flow over lines',
    text: `resources: [../base]\nimages: [\n  {\n    name: discord-bot,\n    digest: '${OLD}',\n  },\n]\n`,
  },
  {
    name: 'all in one flow mapping',
    text: `{resources: [../base], images: [{name: discord-bot, digest: '${OLD}'}]}\n`,
  },
  { name: 'json', text: `{"resources": ["../base"], "images": [{"name": "discord-bot", "digest": "${OLD}"}]}\n` },
  { name: 'tag becomes digest', text: plain.replace(`digest: ${OLD}`, 'newTag: v1'), changedLines: 3 },
  { name: 'quoted tag becomes digest', text: plain.replace(`digest: ${OLD}`, 'newTag: "1.0"'), changedLines: 3 },
  { name: 'tag first becomes digest', text: entry('  - newTag: v1\n    name: discord-bot\n'), changedLines: 3 },
  { name: 'flow tag becomes digest', text: entry('  - {name: discord-bot, newTag: v1}\n'), changedLines: 3 },
  { name: 'tag and digest', text: plain.replace('    digest', '    newTag: v1\n    digest'), changedLines: 3 },
  {
    name: 'tag first and digest',
    text: entry(`  - newTag: v1\n    name: discord-bot\n    digest: ${OLD}\n`),
    changedLines: 3,
  },
  {
    name: 'digest and tag, no final newline',
    text: entry(`  - name: discord-bot\n    digest: ${OLD}\n    newTag: v1`),
    changedLines: 3,
  },
  {
    name: 'flow tag and digest',
    text: entry(`  - {name: discord-bot, newTag: v1, digest: '${OLD}'}\n`),
    changedLines: 3,
  },
  { name: 'neither tag nor digest', text: entry('  - name: discord-bot\n    newName: registry.example/discord-bot\n') },
  {
    name: 'neither, no final newline',
    text: entry('  - name: discord-bot\n    newName: registry.example/discord-bot').trimEnd(),
    changedLines: 2,
  },
  { name: 'neither, windows line ends', text: entry('  - name: discord-bot\n').replaceAll('\n', '\r\n') },
  { name: 'two images, one bumped', text: `${plain}  - name: dev-sandbox\n    digest: ${OLD}\n` },
  {
    name: 'two images, both bumped',
    text: `${plain}  - name: dev-sandbox\n    digest: ${OLD}\n`,
    bumped: ['discord-bot', 'dev-sandbox'],
  },
  { name: 'anchor on the digest, used nowhere', text: plain.replace(OLD, `&bot ${OLD}`) },
  {
    name: 'digest by alias',
    text: `${entry(`  - name: dev-sandbox\n    digest: &shared ${OLD}\n  - name: discord-bot\n    digest: *shared\n`)}`,
  },
  {
    name: 'anchor and alias, both bumped',
    text: entry(`  - name: dev-sandbox\n    digest: &shared ${OLD}\n  - name: discord-bot\n    digest: *shared\n`),
    bumped: ['discord-bot', 'dev-sandbox'],
  },
  { name: 'component', text: `components: [../component]\n${plain}`, beside: component },
  {
    name: 'configuration beside it',
    text: `namespace: bots\nnamePrefix: x-\nlabels: [{pairs: {team: bots}}]\n${plain}`,
  },
  { name: 'umlauts and emoji before it', text: `# für die Bötchen 🚢 ${'𝕏'.repeat(20)}\n${plain}` },
];
