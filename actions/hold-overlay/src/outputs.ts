export { describeLanding as describeOutputs, LANDING_OUTPUTS as OUTPUTS } from '#core/action/landing.ts';
