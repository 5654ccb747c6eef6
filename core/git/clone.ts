import { parseAddress } from '#core/git/address.ts';
import { askOrigin } from '#core/git/checkout.ts';
import { countSettings } from '#core/git/environment.ts';
import { CommandError, type Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';

/** What a person's clone tells about its remote and its owner. */
export interface Clone {
  /** The address of its remote named origin. It may hold credentials: never print it. */
  readonly origin: string;
  /** The person's name by `user.name`; undefined where it is not set. */
  readonly name: string | undefined;
  /** The address by `user.email`; undefined where it is not set. */
  readonly email: string | undefined;
  /**
   * The settings by which git reaches the remote (credentials, proxies, ssh) that only the clone has, as environment
   * variables: our own repositories are elsewhere and do not read its files.
   */
  readonly settings: Readonly<Record<string, string>>;
}

const REMEDY = 'go into your clone, or name it by --repository';

/** Reads what git is told in the clone; refuses a folder that is not one, or has no remote named origin. */
export async function readClone(
  exec: Exec,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Clone> {
  const reading = [readSettings(exec, folder), readSettings(exec, '/')] as const;
  const [origin, inside, outside] = await Promise.all([askOrigin(exec, folder, REMEDY), ...reading]);
  const newest = (key: string): string | undefined => inside.findLast((setting) => setting.key === key)?.value;
  return {
    origin,
    name: newest('user.name') || undefined,
    email: newest('user.email') || undefined,
    settings: passOn(without(inside, outside), environment),
  };
}

/** Returns the branch that the HEAD of the clone's origin names; refuses a remote that does not answer. */
export async function readDefaultBranch(exec: Exec, folder: string, origin: string): Promise<string> {
  const argv = ['git', '-C', folder, 'ls-remote', '--symref', 'origin', 'HEAD'] as const;
  const { secrets } = parseAddress(origin);
  const { stdout } = await exec(argv, { extraEnv: { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }, secrets }).catch(
    (error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      const said = error.stderr.trim().split('\n').slice(-3).join(' ');
      throw new Refusal(`origin does not answer: git fetch must work in ${folder} (${said})`);
    },
  );
  const branch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(stdout.toString('utf8'))?.[1];
  if (branch === undefined)
    throw new Refusal('origin has no default branch: name the one that Argo CD follows by --branch');
  return branch;
}

interface Setting {
  readonly key: string;
  readonly value: string;
}

/** `git config --null --list` prints `<key>\n<value>\0`; a key without a value is true. */
async function readSettings(exec: Exec, folder: string): Promise<Setting[]> {
  const { stdout } = await exec(['git', '-C', folder, 'config', '--null', '--list'], { accept: 'any' });
  const entries = stdout.toString('utf8').split('\0').filter(Boolean);
  return entries.map((entry) => {
    const [key = '', ...value] = entry.split('\n');
    return { key, value: entry.includes('\n') ? value.join('\n') : 'true' };
  });
}

const REACHING = /^((credential|http|protocol|url)\.|core\.(sshcommand|askpass)$)/;

/** What the clone says beyond what git says everywhere, each as often as it does. */
function without(inside: readonly Setting[], outside: readonly Setting[]): Setting[] {
  const left = [...outside];
  return inside.filter(({ key, value }) => {
    const at = left.findIndex((one) => one.key === key && one.value === value);
    if (at !== -1) left.splice(at, 1);
    return at === -1 && REACHING.test(key);
  });
}

function passOn(
  settings: readonly Setting[],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const first = countSettings(environment);
  const pairs = settings.flatMap(({ key, value }, index) => [
    [`GIT_CONFIG_KEY_${first + index}`, key],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ]);
  return settings.length === 0
    ? {}
    : { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(first + settings.length) };
}
