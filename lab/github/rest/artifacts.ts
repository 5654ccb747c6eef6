import type { ArtifactRecord } from '#lab/github/artifacts/store.ts';
import { type Answer, type Call, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';
import { FORK_ID, nodeId, REPOSITORY_ID, repositoryUrl } from '#lab/github/rest/describe.ts';
import { headOf } from '#lab/github/rest/run-shapes.ts';

/** Artifacts of runs, as another run reads them. https://docs.github.com/en/rest/actions/artifacts */
export function artifactHandlers(context: RestContext): Handlers {
  const { artifacts } = context;
  const withArtifact =
    (answer: (artifact: ArtifactRecord) => Answer) =>
    ({ parameters }: Call): Answer => {
      const artifact = artifacts.complete.find(({ id }) => id === Number(parameters['artifact_id']));
      return artifact === undefined ? refuse(404, 'Not Found') : answer(artifact);
    };
  return {
    'actions/list-artifacts-for-repo': ({ parameters }) => listArtifacts(context, parameters, artifacts.complete),
    'actions/list-workflow-run-artifacts': ({ parameters }) => {
      const id = Number(parameters['run_id']);
      if (!context.runs.some((run) => run.id === id)) return refuse(404, 'Not Found');
      const ofRun = artifacts.complete.filter(({ runId }) => runId === id);
      return listArtifacts(context, parameters, ofRun);
    },
    'actions/get-artifact': withArtifact((artifact) => ({ status: 200, body: describeArtifact(context, artifact) })),
    'actions/download-artifact': withArtifact((artifact) => {
      if (artifacts.isExpired(artifact)) return refuse(410, 'Artifact has expired');
      return { status: 302, headers: { location: context.openDownload(artifact) } };
    }),
  };
}

/** Newest first. */
function listArtifacts(context: RestContext, parameters: Call['parameters'], all: readonly ArtifactRecord[]): Answer {
  const list = all.filter(({ name }) => [undefined, name].includes(parameters['name'] as string | undefined)).reverse();
  const wrap = (page: readonly unknown[]): unknown => ({ total_count: list.length, artifacts: page });
  return { status: 200, list: list.map((artifact) => describeArtifact(context, artifact)), wrap };
}

/** Returns an `artifact`. */
function describeArtifact(context: RestContext, artifact: ArtifactRecord): Record<string, unknown> {
  const { id, name, bytes, digest, createdAt, expiresAt, runId } = artifact;
  const url = `${repositoryUrl(context)}/actions/artifacts/${id}`;
  const run = context.runs.find((one) => one.id === runId);
  const { sha, branch, isFork } = run === undefined ? { sha: '', branch: '', isFork: false } : headOf(run);
  return {
    ...{ id, node_id: nodeId('Artifact', id), name, size_in_bytes: bytes.length, digest: digest ?? null },
    ...{ url, archive_download_url: `${url}/zip`, expired: context.artifacts.isExpired(artifact) },
    ...{ created_at: createdAt.toISOString(), updated_at: createdAt.toISOString() },
    expires_at: expiresAt.toISOString(),
    workflow_run: {
      ...{ id: runId, repository_id: REPOSITORY_ID, head_repository_id: isFork ? FORK_ID : REPOSITORY_ID },
      ...{ head_branch: branch, head_sha: sha },
    },
  };
}
