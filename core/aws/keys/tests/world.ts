import type { KeyPorts } from '#core/aws/keys/rotate.ts';

const HOUR_MS = 3_600_000;
/** How late IAM tells a use in these tests. */
const LAG_HOURS = 4;

interface Key {
  readonly secret: string;
  readonly createdAt: Date;
  isActive: boolean;
  /** When it was used, the last ones. */
  uses: Date[];
}

/**
 * IAM and a parameter store in memory, of one user, with a clock that stands until it is put on. IAM tells a use four
 * hours late. `diesAt` throws instead of the nth change, `losesAnswerAt` after it.
 */
export class KeyWorld {
  readonly keys = new Map<string, Key>();
  readonly parameters = new Map<string, string>();
  now = new Date('2026-03-01T00:00:00Z');
  changes = 0;
  diesAt = Number.POSITIVE_INFINITY;
  losesAnswerAt = Number.POSITIVE_INFINITY;
  #made = 0;

  readonly ports: KeyPorts = {
    list: async () => [...this.keys].map(([id, { createdAt, isActive }]) => ({ id, createdAt, isActive })),
    lastUsed: async (id) =>
      this.keys.get(id)?.uses.findLast((use) => use.getTime() <= this.now.getTime() - LAG_HOURS * HOUR_MS),
    create: async () => {
      if (this.keys.size === 2) throw new Error('LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2');
      return this.#change(() => this.make());
    },
    remove: async (_user, id) => this.#change(() => void this.keys.delete(id)),
    read: async (name) => this.parameters.get(name),
    write: async (name, value) => this.#change(() => void this.parameters.set(name, value)),
    now: () => this.now,
  };

  /** A key made by hand, as by `aws iam create-access-key`. */
  make(): { id: string; secret: string } {
    const [id, secret] = [`AKIA${++this.#made}`, `secret-${this.#made}`];
    this.keys.set(id, { secret, createdAt: this.now, isActive: true, uses: [] });
    return { id, secret };
  }

  /** Signs a request; false when AWS refuses it. */
  use(id: string, secret: string): boolean {
    const key = this.keys.get(id);
    if (key === undefined || !key.isActive || key.secret !== secret) return false;
    key.uses.push(this.now);
    return true;
  }

  setStatus(id: string, status: string): void {
    const key = this.keys.get(id);
    if (key === undefined) throw new Error(`NoSuchEntity: ${id}`);
    key.isActive = status === 'Active';
  }

  wait(hours: number): void {
    this.now = new Date(this.now.getTime() + hours * HOUR_MS);
  }

  #change<T>(work: () => T): T {
    if (++this.changes === this.diesAt) throw new Error('killed');
    const result = work();
    if (this.changes === this.losesAnswerAt) throw new Error('socket hang up');
    return result;
  }
}
