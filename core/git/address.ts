import { Refusal } from '#core/values/errors.ts';

/** A remote's address taken apart, so that no credential of it gets into an argument or a message. */
export interface Address {
  /** What git is given: of http(s) addresses without a name and a password. */
  readonly url: string;
  /** From an http(s) address; undefined where it has none. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The credentials in all the forms in which git or a server may repeat them. */
  readonly secrets: readonly string[];
}

/** A name that is shorter is a login such as `git`, and hiding it would hide words of any sentence. */
const SHORTEST_SECRET_NAME = 8;

/** Takes an address apart. Refuses an http(s) one that is not a URL, without repeating it. */
export function parseAddress(text: string): Address {
  const [, scheme, userinfo = ''] = /^(https?:\/\/)([^/?#]*)@/i.exec(text) ?? [];
  const url = scheme === undefined ? text : scheme + text.slice(scheme.length + userinfo.length + 1);
  const isWeb = /^https?:\/\//i.test(url);
  if (isWeb && !URL.canParse(url))
    throw new Refusal(
      'the address of origin is not a URL: percent-encode what a name or a password in it has besides letters and digits, or leave them out (git remote set-url origin https://HOST/OWNER/NAME)',
    );
  // an @ further back ends a password that was not encoded; git takes it for a path, and repeats it
  const astray = isWeb
    ? (/^https?:\/\/(.*)@/i.exec(text)?.[1] ?? '')
    : (/^\w+:\/\/([^/]*:[^/]*)@/.exec(text)?.[1] ?? '');
  const colon = userinfo.indexOf(':');
  const [name, word] = colon === -1 ? [userinfo, ''] : [userinfo.slice(0, colon), userinfo.slice(colon + 1)];
  return {
    url,
    username: name === '' ? undefined : decode(name),
    password: word === '' ? undefined : decode(word),
    secrets: [astray, ...formsOf(word), ...(decode(name).length < SHORTEST_SECRET_NAME ? [] : formsOf(name))].filter(
      Boolean,
    ),
  };
}

function formsOf(raw: string): string[] {
  const plain = decode(raw);
  return [...new Set([raw, plain, encodeURIComponent(plain)])];
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
