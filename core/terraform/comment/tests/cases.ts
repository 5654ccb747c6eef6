import { KINDS } from './cases-kinds.ts';
import { SIZES } from './cases-sizes.ts';
import { VALUES } from './cases-values.ts';
import type { Rendering } from './plan-builder.ts';

/** Plans that no configuration of built-in resources leads to, by the golden folder of their comment. */
export const CASES: Readonly<Record<string, Rendering>> = { ...KINDS, ...VALUES, ...SIZES };
