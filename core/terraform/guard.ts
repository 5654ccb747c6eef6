import type { Plan, PlannedChange } from '#core/terraform/plan/classify.ts';
import { isObject } from '#core/values/json.ts';
import { joinWords } from '#core/values/words.ts';

/** Types whose objects hold what cannot be made again: data, messages, images, keys, and what others are known by. */
const STATEFUL = new Set([
  'aws_backup_vault',
  'aws_cloudwatch_log_group',
  'aws_cognito_user_pool',
  'aws_db_instance',
  'aws_docdb_cluster',
  'aws_dynamodb_global_table',
  'aws_dynamodb_table',
  'aws_dynamodb_table_replica',
  'aws_ebs_volume',
  'aws_ecr_repository',
  'aws_ecrpublic_repository',
  'aws_efs_file_system',
  'aws_elasticache_cluster',
  'aws_elasticache_replication_group',
  'aws_iam_access_key',
  'aws_iam_openid_connect_provider',
  'aws_keyspaces_table',
  'aws_kinesis_stream',
  'aws_kms_key',
  'aws_kms_replica_key',
  'aws_memorydb_cluster',
  'aws_mq_broker',
  'aws_msk_cluster',
  'aws_neptune_cluster',
  'aws_opensearch_domain',
  'aws_rds_cluster',
  'aws_redshift_cluster',
  'aws_route53_zone',
  'aws_s3_bucket',
  'aws_secretsmanager_secret',
  'aws_sqs_queue',
  'aws_ssm_parameter',
  'aws_timestreamwrite_table',
  'digitalocean_database_cluster',
  'digitalocean_spaces_bucket',
  'digitalocean_volume',
]);

/** Attributes that protect an object while they are true (or, with AWS Cognito, ACTIVE). */
const PROTECTIONS = [
  'deletion_protection',
  'deletion_protection_enabled',
  'disable_api_termination',
  'enable_deletion_protection',
];
/** Attributes that let a later destroy take the contents along. */
const FORCES = ['force_delete', 'force_destroy', 'skip_final_snapshot'];

/** One thing in a plan that would cost data. */
export interface GuardFinding {
  readonly address: string;
  readonly type: string;
  /** Such as `is destroyed`. */
  readonly what: string;
  /** True where a person with the right to allow it has named its address and this plan's fingerprint. */
  readonly isAllowed: boolean;
}

/** What a person has allowed: one address, in the plan with one fingerprint. */
export interface Allowance {
  readonly address: string;
  readonly fingerprint: string;
}

/** What the guard looks at besides the plan. */
export interface GuardOptions {
  /** Further types that it protects. */
  readonly stateful: readonly string[];
  readonly allow: readonly Allowance[];
  /** The plan's fingerprint: what was allowed in another plan is not allowed in this one. */
  readonly fingerprint: string;
}

/** Returns everything in a plan by which a stateful object goes, is forgotten, or loses what protects it. */
export function guardPlan(plan: Plan, { stateful, allow, fingerprint }: GuardOptions): GuardFinding[] {
  const types = new Set([...STATEFUL, ...stateful]);
  const allowed = new Set(allow.filter((one) => one.fingerprint === fingerprint).map(({ address }) => address));
  return plan.changes
    .filter(({ type }) => types.has(type))
    .flatMap((change) => {
      const dangers = listDangers(change);
      if (dangers.length === 0) return [];
      const { address, type } = change;
      return [{ address, type, what: joinWords(dangers), isAllowed: allowed.has(address) }];
    });
}

/** Returns why a plan may not be applied; undefined where the guard found nothing, or all of it is allowed. */
export function describeBlock(findings: readonly GuardFinding[], fingerprint: string): string | undefined {
  const blocking = findings.filter(({ isAllowed }) => !isAllowed);
  if (blocking.length === 0) return undefined;
  const shown = blocking.slice(0, 5).map(({ address, what }) => `${address} ${what}`);
  const more = blocking.length > 5 ? [`${blocking.length - 5} more`] : [];
  const first = blocking[0]?.address ?? '';
  return `the destroy guard holds this plan, since what it does cannot be undone: ${joinWords([...shown, ...more])}. Where it is meant, someone with write access who is not the author allows each of them by its address and this plan's fingerprint: ${first} ${fingerprint}`;
}

/** Returns the command that allows what the guard holds: apply.yml, started by a person for a merged pull request. */
export function writeOverride(
  findings: readonly Pick<GuardFinding, 'address'>[],
  plan: { readonly fingerprint: string; readonly stack: string; readonly pullRequest: number },
): string {
  const allow = findings.map(({ address }) => `${address} ${plan.fingerprint}`).join(' ');
  const quoted = `'${allow.replaceAll("'", "'\\''")}'`;
  return `gh workflow run apply.yml -f pull-request=${plan.pullRequest} -f stack=${plan.stack} -f allow=${quoted}`;
}

const LOSSES: Partial<Readonly<Record<PlannedChange['kind'], string>>> = {
  destroy: 'is destroyed',
  replace: 'is replaced, and what it holds goes with the old one',
  forget: 'is no longer managed',
  unknown: 'gets an action that this guard does not know',
};

function listDangers({ kind, deposed, change }: PlannedChange): string[] {
  const loss = LOSSES[kind];
  if (loss !== undefined) return [deposed === undefined ? loss : `${loss} (its deposed object ${deposed})`];
  const [before, after, unknown] = [change.before, change.after, change.after_unknown].map((side) =>
    isObject(side) ? side : {},
  );
  if (before === undefined || after === undefined || Object.keys(before).length === 0) return [];
  const isLate = (name: string): boolean => unknown?.[name] === true;
  const unprotected = PROTECTIONS.filter((name) => isOn(before[name]) && (isLate(name) || !isOn(after[name])));
  const forced = FORCES.filter((name) => !isOn(before[name]) && (isLate(name) || isOn(after[name])));
  return [...unprotected.map((name) => `loses ${name}`), ...forced.map((name) => `gets ${name}`)];
}

function isOn(value: unknown): boolean {
  return value === true || value === 'ACTIVE' || value === 'true';
}
