/**
 * What a step may tell git: how it reaches a remote, and whose settings it reads. Everything else that begins with GIT_
 * says which repository is meant (GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, GIT_NAMESPACE, …), how one is made
 * (GIT_DEFAULT_HASH, …) or what is printed (GIT_TRACE, …), and we say that ourselves.
 */
const PASSED =
  /^GIT_(CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|PARAMETERS)|SSH(_COMMAND|_VARIANT)?|ASKPASS|TERMINAL_PROMPT|SSL_\w+|PROXY_\w+|HTTP_\w+|ALLOW_PROTOCOL|PROTOCOL_FROM_USER|EXEC_PATH|DISCOVERY_ACROSS_FILESYSTEM)$/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the environment without the variables of git by which an earlier step, or the git that started us, would lead
 * our git to another repository. `GIT_CONFIG_COUNT` stays with its pairs where they are whole: git stops at a gap.
 */
export function withoutRepository(environment: Environment): Environment {
  const rest = Object.entries(environment).filter(([name]) => !name.startsWith('GIT_') || PASSED.test(name));
  return { ...Object.fromEntries(rest), ...readSettings(environment) };
}

/** Returns how many settings the environment carries as GIT_CONFIG_KEY_<n>. */
export function countSettings({ GIT_CONFIG_COUNT: count = '' }: Environment): number {
  return /^\d{1,4}$/.test(count) ? Number(count) : 0;
}

function readSettings(environment: Environment): Environment {
  const count = countSettings(environment);
  const names = Array.from({ length: count }, (_, n) => [`GIT_CONFIG_KEY_${n}`, `GIT_CONFIG_VALUE_${n}`]).flat();
  const isWhole = count > 0 && names.every((name) => environment[name] !== undefined);
  if (!isWhole) return {};
  return Object.fromEntries(['GIT_CONFIG_COUNT', ...names].map((name) => [name, environment[name]]));
}
