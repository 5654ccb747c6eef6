export const findFreeze = (_a: unknown, _b: Date): any => undefined;
