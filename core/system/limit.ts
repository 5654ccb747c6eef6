/**
 * Returns a function that runs at most `limit` pieces of work at a time and the others in the order in which they
 * came. After the first one that throws, none begins: those that wait fail with the same error.
 */
export function createLimit(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  let failure: { readonly error: unknown } | undefined;
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      if (failure !== undefined) throw failure.error;
      return await work();
    } catch (error) {
      failure ??= { error };
      throw error;
    } finally {
      const next = waiting.shift(); // takes this place over: `running` stays
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

/** Returns a function that runs pieces of work one at a time, in the order in which they came, whether or not one fails. */
export function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const own = last.then(work);
    last = own.catch(() => {});
    return own;
  };
}
