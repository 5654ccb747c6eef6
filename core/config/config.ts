import * as z from 'zod';
import { REPOSITORY_PATH } from '#core/registry/image-reference.ts';

/** The names of images: repositories of the registry, as references to images write them. */
export const REPOSITORY_NAME = REPOSITORY_PATH;
const HOST = /^([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?$/;
const ENVIRONMENT_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

const path = (description: string) =>
  z
    .string()
    .regex(
      /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0\n\\]+$/,
      'is not a path inside the repository: write it from the root, without a leading slash and without ..',
    )
    .describe(description);

const ecr = z.strictObject({
  type: z.literal('ecr').describe('Amazon ECR.'),
  region: z
    .string()
    .regex(/^[a-z]{2,}(-[a-z]+)+-\d$/, 'is not an AWS region: write one such as ca-central-1')
    .describe('AWS region of the registry, such as ca-central-1.'),
  account: z
    .string()
    .regex(/^\d{12}$/, 'is not an AWS account: write its 12 digits in quotes')
    .describe('AWS account of the registry: 12 digits, in quotes.'),
});

/** A login to a host and a path names both. */
function describeHostFault(text: string): string {
  const [, host, path] = /^([a-z0-9.-]+(?::\d+)?)\/([a-z0-9][\w./-]*?)\/*$/.exec(text) ?? [];
  return host === undefined
    ? 'is not a registry host: write a name and, where it needs one, a port, such as registry.example.com:5000'
    : `has a path: write ${host} alone, and begin the name of each image with the path, such as ${path}/web`;
}

const oci = z.strictObject({
  type: z.literal('oci').describe('Any registry that speaks the OCI distribution protocol.'),
  host: z
    .string()
    .regex(HOST, { error: ({ input }) => describeHostFault(String(input)) })
    .describe('Host and, where it needs one, port; no scheme. A path begins the name of each image.'),
  'token-server': z
    .string()
    .regex(HOST, 'is not a host: write a name and, where it needs one, a port, such as auth.example.com')
    .optional()
    .describe("Host of the registry's token server, where it is on another site and may see the login."),
});

/** An image without tag and digest, as containers call it: a host, where there is one, and a path. */
const MANIFEST_NAME = /^([a-z0-9.-]+(:\d{1,5})?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*$/i;

const image = z.strictObject({
  template: path('Packer template that builds the image.'),
  inputs: z
    .array(path('A file or folder.'))
    .min(1, 'is empty: name at least one file or folder')
    .describe('Files and folders that go into the image; a change in them rebuilds it.'),
  base: z
    .string()
    .optional()
    .describe(
      "The base image, best by digest, in place of the template's default of base_image; a changed one rebuilds the image.",
    ),
  dependencies: z
    .array(path('A file or folder.'))
    .default([])
    .describe(
      'The part of the inputs from which the dependency layer is made; other changes neither reinstall nor push it again.',
    ),
  variables: z
    .record(z.string(), z.string())
    .default({})
    .describe("Values of the template's variables; a changed one rebuilds the image."),
  names: z
    .array(
      z
        .string()
        .regex(
          MANIFEST_NAME,
          'is not a name of an image: write it as containers do, without tag and digest, such as registry.example/app',
        ),
    )
    .min(1, 'is empty: write at least one name, or leave names out')
    .optional()
    .describe(
      "How manifests and the overlays' entries call the image, where that is not its key; all entries with one of these names get its digest.",
    ),
  keep: z.int().min(1, 'is too small: keep at least 1 build').describe('How many builds the registry keeps.'),
});

const WEEKLY = /^(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):[0-5]\d$/;
const DATED = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d$/;

const weekly = (description: string) =>
  z
    .string()
    .regex(WEEKLY, 'is not a time of the week: write a day and a time of 24 hours, such as "fri 16:00"')
    .describe(description);

const dated = (description: string) =>
  z
    .string()
    .regex(DATED, 'is not a local date and time: write it without a zone, such as "2026-12-20 00:00"')
    .describe(description);

const frozen = {
  reason: z.string().regex(/\S/, 'is empty: say why nothing is deployed').describe('Why nothing is deployed.'),
  zone: z.string().describe('Time zone of the times, by its IANA name, such as America/Toronto.'),
};

const freeze = z.union([
  z.strictObject({
    ...frozen,
    weekly: z
      .strictObject({ from: weekly('When it begins, such as "fri 16:00".'), to: weekly('When it ends, exclusive.') })
      .describe('A time of each week; one that ends before it begins runs over Sunday.'),
  }),
  z.strictObject({ ...frozen, from: dated('When it begins, such as "2026-12-20 00:00".'), to: dated('When it ends.') }),
]);

/** The build options that Argo CD has as well. Plugins run code: no option allows them. */
const kustomize = z.strictObject({
  'load-restrictor': z
    .enum(['root-only', 'none'])
    .default('root-only')
    .describe('With none, kustomizations may read files outside of their own folders.'),
  helm: z.boolean().default(false).describe('Renders helmCharts; it needs helm on PATH.'),
  timeout: z
    .int()
    .min(1, 'is too short: give it at least 1 second')
    .max(3_600, 'is too long: give it at most 3600 seconds')
    .default(60)
    .describe('How long one rendering may take, in seconds.'),
});

const environment = z.strictObject({
  overlay: path("Folder of the environment's overlay."),
  deploys: z.enum(['on-push', 'on-promotion', 'by-hand']).describe('How the environment takes releases.'),
  from: z.string().optional().describe('The environment that releases are promoted from.'),
  via: z
    .enum(['push', 'pull-request'])
    .default('push')
    .describe('How commits reach the branch: by a push, or by one open pull request for each environment.'),
  'auto-merge': z
    .boolean()
    .default(false)
    .describe("Asks GitHub to merge the environment's pull request as soon as the branch's rules allow it."),
  kustomize: kustomize.prefault({}).describe("How kustomize renders the overlay: the same options as Argo CD's."),
  freezes: z.array(freeze).default([]).describe('Times in which automatic bumps leave the environment alone.'),
  verdict: z
    .enum(['when-written', 'required'])
    .default('when-written')
    .describe(
      'Which releases a promotion brings here: with required, only those that were seen running in the environment before; otherwise, verdicts count from the first that was written of an image on.',
    ),
  'on-failure': z
    .enum(['nothing', 'rollback'])
    .default('nothing')
    .describe(
      'With rollback, a release whose verdict is failed goes back to the newest set that was seen running, by itself, once, and is held there.',
    ),
});

const stack = z.strictObject({
  folder: path("Folder of the stack's root module."),
  refresh: z
    .boolean()
    .default(true)
    .describe(
      'With false, a pull request plans it from its state alone: for a stack whose secrets a plan must not read.',
    ),
  applies: z
    .enum(['on-merge', 'by-hand'])
    .default('on-merge')
    .describe('Whether a merge applies it, or a person does: what makes the roles of the pipeline, for one.'),
  after: z
    .array(z.string())
    .optional()
    .describe(
      'The stacks that must be applied before it. Left out: the one above it. Empty, []: none. Stacks that wait for none of each other are applied at the same time.',
    ),
});

const terraform = z.strictObject({
  binary: z
    .enum(['terraform', 'tofu'])
    .default('terraform')
    .describe('The program that runs the stacks: Terraform or OpenTofu.'),
  stacks: z
    .record(
      z.string().regex(ENVIRONMENT_NAME, 'is not a name of a stack: lower-case letters, digits and dashes'),
      stack,
    )
    .describe('The stacks, by name; each has its own state and its own plan.'),
});

/** The shape of slipway.yaml; slipway.schema.json is written from it. */
export const configSchema = z.strictObject({
  registry: z.discriminatedUnion('type', [ecr, oci]).describe('Where images are pushed to and pulled from.'),
  images: z
    .record(
      z
        .string()
        .regex(
          REPOSITORY_NAME,
          'is not an image name: lower-case letters and digits, joined by dots, dashes or underscores',
        ),
      image,
    )
    .describe('The images, by the name of their repository in the registry.'),
  environments: z
    .record(
      z.string().regex(ENVIRONMENT_NAME, 'is not an environment name: lower-case letters, digits and dashes'),
      environment,
    )
    .describe('The environments, each one overlay and one Argo CD Application.'),
  terraform: terraform.optional().describe("The repository's Terraform."),
});

/** slipway.yaml as it is written, with defaults filled in. */
export type WrittenConfig = z.output<typeof configSchema>;

/** A value of the schema that is only read. */
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** An image of slipway.yaml; its paths and variables decide what a build makes. */
export interface ImageConfig extends Frozen<Omit<z.output<typeof image>, 'names'>> {
  /** Its key: the repository in the registry. */
  readonly name: string;
  /** How manifests and the overlays' entries call it: by its key, where slipway.yaml says nothing else. */
  readonly names: readonly string[];
}

/** An environment of slipway.yaml; its overlay is a path without a slash at its end. */
export interface EnvironmentConfig extends Frozen<z.output<typeof environment>> {
  readonly name: string;
}

/** How commits reach the branch. */
export type Via = EnvironmentConfig['via'];

/** How kustomize renders an environment's overlay. */
export type KustomizeOptions = EnvironmentConfig['kustomize'];

/** A time in which automatic bumps leave an environment alone: of each week, or once. Times are local to its zone. */
export type FreezeConfig = EnvironmentConfig['freezes'][number];

/** How the repository's Terraform is run, and what of it. */
interface TerraformConfig extends Frozen<Omit<z.output<typeof terraform>, 'stacks'>> {
  /** By name, in the order of slipway.yaml. */
  readonly stacks: ReadonlyMap<string, StackConfig>;
}

/** A stack of slipway.yaml; its folder is a path without a slash at its end. */
interface StackConfig extends Frozen<Omit<z.output<typeof stack>, 'after'>> {
  /** The stacks that must be applied before it; where slipway.yaml says nothing, the one above it. */
  readonly after: readonly string[];
}

/** slipway.yaml, checked. */
export interface Config {
  readonly registry: Frozen<WrittenConfig['registry']>;
  readonly images: ReadonlyMap<string, ImageConfig>;
  readonly environments: ReadonlyMap<string, EnvironmentConfig>;
  readonly terraform: TerraformConfig | undefined;
}
