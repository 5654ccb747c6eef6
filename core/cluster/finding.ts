/**
 * What one probe found. `open`: a wall or a secret is missing. `unknown`: it could not be asked. `unproven`: it cannot be
 * seen, or this cluster does not have it.
 */
export interface Finding {
  readonly word: 'holds' | 'open' | 'unknown' | 'unproven';
  readonly what: string;
  readonly why?: string;
}
