import { z } from 'zod';

const HOUR_MS = 3_600_000;
/** How long ECR's password lives: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html */
const LIFE_HOURS = 12;
/** From this age on, a person is told: there is an hour left. */
const ALARM_HOURS = 11;

/** The secret that a namespace's pods pull with, by the status of the ExternalSecret that keeps it. */
export interface PullCredentials {
  readonly namespace: string;
  /** When the password was renewed last; undefined where it never was. */
  readonly renewedAt: Date | undefined;
  /** What External Secrets says is wrong; undefined while all is well. */
  readonly fault: string | undefined;
}

/** `alarm`: a person must act, or pulls will fail. `late`: the renewal fails, and there is time. */
export interface PullVerdict {
  readonly state: 'fresh' | 'late' | 'alarm' | 'expired';
  /** One sentence. */
  readonly said: string;
}

const externalSecret = z.looseObject({
  // a label by RFC 1123: it is printed in commands that a person types
  metadata: z.looseObject({ namespace: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/) }),
  status: z
    .looseObject({
      refreshTime: z.iso.datetime({ offset: true }).nullish(),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() }))
        .default([]),
    })
    .default({ conditions: [] }),
});
const list = z.looseObject({ items: z.array(externalSecret) });

/** Returns what `kubectl get externalsecrets -o json` says of pull credentials; throws a ZodError at another form. */
export function parsePullCredentials(text: string): PullCredentials[] {
  return list.parse(JSON.parse(text)).items.map(({ metadata, status }) => {
    const failing = status.conditions.find(({ type, status: is }) => type === 'Ready' && is !== 'True');
    return {
      namespace: metadata.namespace,
      renewedAt: status.refreshTime == null ? undefined : new Date(status.refreshTime),
      fault: failing === undefined ? undefined : (failing.message ?? 'it is not ready, and does not say why'),
    };
  });
}

/** Judges the pull credentials of a namespace by their age, which counts also when External Secrets has ended. */
export function judgePullCredentials({ renewedAt, fault }: PullCredentials, now: Date): PullVerdict {
  const why = fault === undefined ? 'does External Secrets run?' : fault;
  if (renewedAt === undefined) return { state: 'expired', said: `never made: ${why}` };
  const age = now.getTime() - renewedAt.getTime();
  const renewed = `renewed ${describeAge(age)} ago`;
  if (age >= LIFE_HOURS * HOUR_MS)
    return { state: 'expired', said: `${renewed} and expired, so no pod can pull: ${why}` };
  if (age >= ALARM_HOURS * HOUR_MS)
    return { state: 'alarm', said: `${renewed}, and pulls fail from ${LIFE_HOURS} h on: ${why}` };
  if (fault !== undefined) return { state: 'late', said: `${renewed}; the renewal fails: ${fault}` };
  return { state: 'fresh', said: renewed };
}

/** Returns what to type where pull credentials are not renewed: the first says why, the second asks AWS again at once. */
export function renewalCommands(namespace: string): string[] {
  return [
    `kubectl -n ${namespace} describe externalsecret ecr-registry`,
    `kubectl -n ${namespace} annotate externalsecret ecr-registry force-sync="$(date +%s)" --overwrite`,
  ];
}

function describeAge(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
