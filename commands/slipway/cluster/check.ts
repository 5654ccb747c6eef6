import { checkCluster, checkEnvironment } from '#core/cluster/check.ts';
import type { Finding } from '#core/cluster/finding.ts';
import { readObjects } from '#core/cluster/objects.ts';
import { listTargets } from '#core/cluster/tenant.ts';
import { type CommandResult, defineCommand } from '../../command.ts';
import type { SlipwayPorts } from '../session.ts';
import { type Page, paint, plain, wrap } from '../text.ts';
import { FOLDER, TARGET, withCluster } from './session.ts';
import { renderTenant } from './tenant.ts';

/** Asks about each wall and each secret. */
export const check = defineCommand({
  name: 'npm run -s slipway -- cluster check',
  summary:
    "Asks the API server about each wall and each secret of each environment, sends a few packets from the pods that run, and says what it cannot prove. Reads no secret's value, writes nothing.",
  options: { ...TARGET, ...FOLDER },
  example: '--do-cluster-name tor1-main',
  exitCodes: ['nothing that can be proven is missing', 'something is missing or did not answer', 'wrong usage'],
  run: async ({ values }, screen: SlipwayPorts): Promise<CommandResult> => {
    const findings = await withCluster(values, screen, async (api) => {
      const files = await renderTenant(api, screen.resolve(values.repository ?? '.'));
      const environments = listTargets(readObjects(files.applications, 'argocd'));
      const all: Finding[] = [];
      for (const { namespace, path = '' } of environments) {
        const objects = readObjects(files.overlays.get(path) ?? '', path);
        all.push(...(await checkEnvironment(api, { namespace, objects })));
      }
      return [...all, ...(await checkCluster(api))];
    });
    const stdout = `${findings.flatMap((finding) => render(finding, screen)).join('\n')}\n`;
    return { exitCode: findings.some(({ word }) => word === 'open' || word === 'unknown') ? 1 : 0, stdout, stderr: '' };
  },
});

const STYLES = { holds: 'green', open: 'red', unknown: 'yellow', unproven: 'yellow' } as const;

function render({ word, what, why }: Finding, page: Page): string[] {
  const [first = '', ...rest] = wrap(`${plain(what)}${why === undefined ? '' : `: ${plain(why)}`}`, page, 9);
  return [`${paint(word.padEnd(9), STYLES[word], page)}${first.trimStart()}`, ...rest];
}
