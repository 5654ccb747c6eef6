/** Returns the name (the context) of the commit status that says whether an image runs in an environment. */
export function nameStatus(environment: string, image: string): string {
  return `slipway/${environment}/${image}`;
}
