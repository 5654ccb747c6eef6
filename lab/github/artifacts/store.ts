import { createHash } from 'node:crypto';

/** An artifact of a run. */
export interface ArtifactRecord {
  readonly id: number;
  readonly runId: number;
  readonly name: string;
  readonly mimeType: string;
  readonly createdAt: Date;
  expiresAt: Date;
  bytes: Buffer;
  /** `sha256:…` of the bytes; undefined until the upload is complete. */
  digest: string | undefined;
}

/** What a new artifact is asked for. */
export interface ArtifactAsked {
  readonly runId: number;
  readonly name: string;
  readonly mimeType: string;
  /** GitHub's default is 90 days. */
  readonly expiresAt: Date | undefined;
}

/** The artifacts of all runs. */
export interface Artifacts {
  /** Complete ones, oldest first; expired ones too. */
  readonly complete: readonly ArtifactRecord[];
  /** Returns undefined where the run has one of this name: artifacts never change. */
  create(asked: ArtifactAsked): ArtifactRecord | undefined;
  /** Returns what a run has under a name, complete or not. */
  ofRun(runId: number, name: string): ArtifactRecord | undefined;
  finalize(artifact: ArtifactRecord): void;
  remove(artifact: ArtifactRecord): void;
  /** An expired artifact is listed, and cannot be downloaded. */
  isExpired(artifact: ArtifactRecord): boolean;
}

const RETENTION_MS = 90 * 24 * 60 * 60 * 1000;

/** Starts without any. */
export function createArtifacts(now: () => Date): Artifacts {
  const all: ArtifactRecord[] = [];
  let ids = 0;
  const ofRun = (runId: number, name: string): ArtifactRecord | undefined =>
    all.find((artifact) => artifact.runId === runId && artifact.name === name);
  return {
    get complete() {
      return all.filter(({ digest }) => digest !== undefined);
    },
    ofRun,
    create: ({ expiresAt, ...asked }) => {
      if (ofRun(asked.runId, asked.name) !== undefined) return undefined;
      const createdAt = now();
      const until = expiresAt ?? new Date(createdAt.getTime() + RETENTION_MS);
      const artifact = { id: ++ids, ...asked, createdAt, expiresAt: until, bytes: Buffer.alloc(0), digest: undefined };
      all.push(artifact);
      return artifact;
    },
    finalize: (artifact) => {
      artifact.digest = `sha256:${createHash('sha256').update(artifact.bytes).digest('hex')}`;
    },
    remove: (artifact) => void all.splice(all.indexOf(artifact), 1),
    isExpired: ({ expiresAt }) => expiresAt <= now(),
  };
}
