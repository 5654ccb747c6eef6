import { type Block, parseBlocks } from '#tests/terraform-blocks.ts';

/**
 * Resources that hold what no apply brings back, by type, with the arguments that guard them besides prevent_destroy.
 * Where an argument may be absent, its default guards too.
 */
const STATEFUL: Readonly<Record<string, { demands?: Record<string, string>; unless?: Record<string, string> }>> = {
  aws_dynamodb_table: { demands: { deletion_protection_enabled: 'var . deletion_protection' } },
  aws_ecr_repository: { unless: { force_delete: 'false' } },
  aws_s3_bucket: { unless: { force_destroy: 'false' } },
  aws_sqs_queue: {},
  terraform_data: {}, // the tenant and region that a state belongs to
};
/** What earlier versions kept in a state that is another's now; it stays at AWS. */
const MOVED_ON = ['module . secrets . aws_ssm_parameter . secret', 'aws_iam_openid_connect_provider . github'];
/** What gives rights and is compared whole by terraform test (policies.json); another type would give them unseen. */
const COMPARED = ['aws_iam_role', 'aws_iam_role_policy', 'aws_iam_user', 'aws_iam_user_policy', 'aws_s3_bucket_policy'];
/** A policy that gives nothing by itself: the most that the users may ever have. */
const BOUNDARY = 'aws_iam_policy.boundary';
const GIVES_RIGHTS = /^aws_iam_|_policy$|_policy_attachment$|_permission$|_grant$/;
/** Takes images away, gives no rights. */
const NOT_RIGHTS = ['aws_ecr_lifecycle_policy'];
/** Arguments by which a role or a user has more than its own policy. */
const MORE_RIGHTS = ['managed_policy_arns', 'inline_policy', 'force_destroy'];
/** Arguments of a parameter that write a secret into the state, or take a parameter over that another made. */
const SECRET_IN_STATE = ['value', 'insecure_value'];
const TAKES_OVER = 'overwrite';
const GUARD = 'deletion_protection';
/** The block by which items of a table expire. Where it is gone, the provider finds no change and items go on expiring. */
const EXPIRY: Readonly<Record<string, string>> = { attribute_name: '"ttl"', enabled: 'true' };
const LONGEST_LINE = 120;
/** A comment that is one address, or a reason for checkov, which reads it from one line. */
const UNBREAKABLE = /^\s*#(?: https?:\S+$|checkov:skip=)/;

/** Returns every breach of the rules in Terraform code (texts by path), one sentence each. */
export function checkTerraform(files: ReadonlyMap<string, string>): string[] {
  const blocks = [...files].flatMap(([file, text]) => parseBlocks(text).map((block) => ({ file, block })));
  return [
    ...blocks.flatMap(({ file, block }) => checkBlock(block).map((breach) => `${file}: ${breach}`)),
    ...Object.keys(STATEFUL)
      .filter((type) => !blocks.some(({ block }) => block.type === 'resource' && block.labels[0] === type))
      .map((type) => `there is no ${type}: what is stored in it would be destroyed by the next apply`),
  ];
}

/** Returns every line of Terraform code, its tests and its values (texts by path) that does not fit a screen. */
export function checkLines(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, text]) =>
    text
      .split('\n')
      .map((line, index) => ({ line, place: `${file}:${index + 1}` }))
      .filter(({ line }) => line.length > LONGEST_LINE && !UNBREAKABLE.test(line))
      .map(({ line, place }) => `${place} has ${line.length} columns: break the line, ${LONGEST_LINE} fit a screen`),
  );
}

function checkBlock(block: Block): string[] {
  if (block.type === 'resource') return checkResource(block, block.labels.join('.'));
  const isGuard = block.type === 'variable' && block.labels[0] === GUARD;
  if (isGuard && block.attributes.get('default') !== 'true') return [`the variable ${GUARD} is not true by default`];
  const handed = block.type === 'module' ? block.attributes.get(GUARD) : undefined;
  if (handed !== undefined && handed !== `var . ${GUARD}`)
    return [`the module ${block.labels[0]} gets ${GUARD} = ${handed}: hand the variable on`];
  if (block.type === 'provider' && !block.blocks.some(({ type }) => type === 'default_tags'))
    return [`the provider ${block.labels[0]} has no default_tags: what its modules make would have no tags`];
  if (block.type === 'removed' && !isForgotten(block))
    return ['a removed block drops a resource from the state, past prevent_destroy'];
  return [];
}

/** Something that {@link MOVED_ON} names, and that AWS keeps. */
function isForgotten({ attributes, blocks }: Block): boolean {
  const keeps = blocks.some(({ type, attributes: of }) => type === 'lifecycle' && of.get('destroy') === 'false');
  return keeps && MOVED_ON.includes(attributes.get('from') ?? '');
}

function checkResource(block: Block, name: string): string[] {
  const [type = ''] = block.labels;
  const { demands = {}, unless = {} } = STATEFUL[type] ?? {};
  const given = (argument: string): string | undefined => block.attributes.get(argument);
  const isKept = block.blocks.some(
    (inner) => inner.type === 'lifecycle' && inner.attributes.get('prevent_destroy') === 'true',
  );
  return [
    ...(type in STATEFUL && !isKept ? [`${name} has no lifecycle { prevent_destroy = true }`] : []),
    ...Object.entries(demands)
      .filter(([argument, value]) => given(argument) !== value)
      .map(([argument, value]) => `${name} has ${argument} = ${given(argument)} instead of ${value}`),
    ...Object.entries(unless)
      .filter(([argument, value]) => (given(argument) ?? value) !== value)
      .map(([argument, value]) => `${name} has ${argument} = ${given(argument)} instead of ${value}`),
    ...(type === 'aws_dynamodb_table' ? checkExpiry(block, name) : []),
    ...(type === 'aws_ssm_parameter' ? checkParameter(block, name) : []),
    ...(GIVES_RIGHTS.test(type) && name !== BOUNDARY && !COMPARED.includes(type) && !NOT_RIGHTS.includes(type)
      ? [`${name} gives rights that no test compares: write them into the policy of a role or a user`]
      : []),
    ...(type === 'aws_iam_role' || type === 'aws_iam_user'
      ? MORE_RIGHTS.filter(
          (argument) => block.attributes.has(argument) || block.blocks.some((inner) => inner.type === argument),
        ).map((argument) => `${name} has ${argument}, which no test compares`)
      : []),
  ];
}

function checkExpiry({ blocks }: Block, name: string): string[] {
  const ttl = blocks.find(({ type }) => type === 'ttl');
  if (ttl === undefined) return [`${name} has no ttl block: no plan would show that, and items would go on expiring`];
  return Object.entries(EXPIRY)
    .filter(([argument, value]) => ttl.attributes.get(argument) !== value)
    .map(
      ([argument, value]) => `${name} has ttl { ${argument} = ${ttl.attributes.get(argument)} } instead of ${value}`,
    );
}

function checkParameter({ attributes }: Block, name: string): string[] {
  const isSecret = attributes.get('type') !== '"String"';
  return [
    ...SECRET_IN_STATE.filter((argument) => isSecret && attributes.has(argument)).map(
      (argument) => `${name} has ${argument}, which the state keeps: write a secret by value_wo`,
    ),
    ...(attributes.has(TAKES_OVER) ? [`${name} has ${TAKES_OVER}: it would take over what another has made`] : []),
  ];
}
