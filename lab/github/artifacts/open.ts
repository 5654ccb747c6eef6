import type { IncomingMessage, ServerResponse } from 'node:http';
import { createBlobs } from '#lab/github/artifacts/blobs.ts';
import { createResults, type Results } from '#lab/github/artifacts/results.ts';
import { type ArtifactRecord, type Artifacts, createArtifacts } from '#lab/github/artifacts/store.ts';

/** Artifacts, and both ways to them. */
export interface OpenArtifacts {
  readonly artifacts: Artifacts;
  readonly openJob: Results['openJob'];
  /** Returns an address that has the artifact's bytes for a minute. */
  readonly openDownload: (artifact: ArtifactRecord) => string;
  /** Answers jobs, uploads and downloads; false where a request is none of them. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** Starts without any. */
export function openArtifacts(url: string, now: () => Date): OpenArtifacts {
  const artifacts = createArtifacts(now);
  const blobs = createBlobs(url, now);
  const results = createResults(url, artifacts, blobs);
  return {
    artifacts,
    openJob: results.openJob,
    openDownload: blobs.openDownload,
    answer: async (request, response) =>
      (await results.answer(request, response)) || (await blobs.answer(request, response)),
  };
}
