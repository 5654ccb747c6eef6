import type { Build } from './run.ts';
export function renderSummary(build: Build, _links: { repositoryUrl: string; runUrl: string }): string {
  return `${build.image} ${build.outcome} ${build.digest}`;
}
