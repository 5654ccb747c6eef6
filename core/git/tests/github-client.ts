import { createApiTransport } from '#core/git/api-transport.ts';
import { openGitHubApi } from '#core/git/github-api.ts';
import type { GitHubOptions } from '#core/git/github-wire.ts';
import type { Transport } from '#core/git/transport.ts';
import type { Api } from '#lab/github/tests/open-api.ts';
import { createTestClock, type TestClock } from '#tests/support/clock.ts';

/** What a client of the stand-in is opened with, and what it did. */
export interface TestClient extends GitHubOptions {
  readonly clock: TestClock;
  /** `METHOD path` of every request, and when it was sent, in milliseconds since 1970. */
  readonly requests: { readonly line: string; readonly at: number }[];
  /** Everything that was logged. */
  readonly lines: string[];
}

/** Returns the options of a client that talks to the stand-in and never really sleeps. */
export function clientOf(api: Api, token: string, more: Partial<GitHubOptions> = {}): TestClient {
  const [requests, lines]: [TestClient['requests'], string[]] = [[], []];
  const clock = createTestClock();
  const say = (line: string): void => void lines.push(line);
  return {
    apiUrl: `${api.url}/api/v3`,
    graphqlUrl: `${api.url}/api/graphql`,
    repository: 'acme/tenant',
    token,
    random: () => 0.5,
    log: { debug: say, info: say, warn: say },
    ...more,
    clock,
    requests,
    lines,
    fetch: (input, init) => {
      const path = new URL(String(input)).pathname.replace(/^\/api(\/v3)?\/(repos\/acme\/tenant\/)?/, '');
      requests.push({ line: `${init?.method} ${path}`, at: clock.now().getTime() });
      return (more.fetch ?? fetch)(input, init);
    },
  };
}

/** Opens the API's transport with an API of its own. */
export function transportOf(options: GitHubOptions): Transport {
  return createApiTransport(openGitHubApi(options), options.log);
}
