import { expectGolden } from '#tests/support/golden.ts';
expectGolden;
