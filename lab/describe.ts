import { type Terminal, wrapCommand } from '#lab/supervisor/terminal.ts';
import type { World } from '#lab/world.ts';

/** What {@link describeLab} uses of a world. */
export interface DescribedWorld {
  readonly lab: Pick<World['lab'], 'logs'>;
  readonly github: Pick<World['github'], 'url' | 'remote'>;
  readonly aws: Pick<World['aws'], 'registryHost' | 'endpoint'>;
  /** kubectl on the lab's cluster; undefined where there is none. */
  readonly kubectl: string | undefined;
  readonly environments: World['environments'];
}

/** Returns how to use the lab: its addresses, then commands to paste, broken where a shell allows it. */
export function describeLab(world: DescribedWorld, terminal: Pick<Terminal, 'width' | 'paint'>): string {
  const { lab, github, aws, kubectl } = world;
  const label = (text: string): string => terminal.paint(text.padEnd(10), 'bold');
  const command = (...words: string[]): string[] => wrapCommand(words, terminal.width, 2);
  return [
    '',
    terminal.paint('The lab is up; Ctrl-C takes it down.', 'green'),
    `  ${label('runs')} ${github.url}   (a stand-in for GitHub)`,
    `  ${label('registry')} ${aws.registryHost}   (a stand-in for ECR)`,
    `  ${label('AWS')} ${aws.endpoint}   (moto)`,
    ...(kubectl === undefined ? [] : [`  ${label('kubectl')} ${kubectl}`]),
    `  ${label('logs')} ${lab.logs}`,
    ...(kubectl === undefined
      ? ['', 'No cluster. Its binaries are built once, then start the lab again:', '  npm run toolbox']
      : []),
    '',
    terminal.paint('Deploy a change of your own:', 'bold'),
    ...command('git', 'clone', github.remote, 'tenant'),
    '  cd tenant && echo "// hello" >> app/src/main.ts',
    '  git commit -am "Say hello" && git push',
    '',
    'A little later, fetch the commit that Slipway made, with its trailers:',
    '  git pull --rebase',
    ...(kubectl === undefined ? [] : describeCluster(kubectl, world.environments, terminal)),
  ].join('\n');
}

function describeCluster(
  kubectl: string,
  environments: World['environments'],
  { width, paint }: Pick<Terminal, 'width' | 'paint'>,
): string[] {
  const deployed = [...environments.values()].filter(({ application }) => application !== undefined);
  return [
    '',
    paint('See what runs:', 'bold'),
    ...wrapCommand([kubectl, 'get', 'pods', '-A'], width, 2),
    ...wrapCommand([kubectl, 'get', 'applications', '-n', 'argocd'], width, 2),
    ...deployed.flatMap(({ name, namespace }) => {
      const path = `/api/v1/namespaces/${namespace}/services/discord-bot:http/proxy/version`;
      return [
        '',
        `${name}: the commit that its pod was built from`,
        ...wrapCommand([kubectl, 'get', '--raw', path], width, 2),
      ];
    }),
    '',
    paint('Add an Application:', 'bold'),
    'List its file in argocd/kustomization.yaml, push, and in the clone:',
    ...wrapCommand([kubectl, 'apply', '-k', 'argocd'], width, 2),
  ];
}
