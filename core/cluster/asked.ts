/** An answer, or why there is none. */
export type Asked<T> = { readonly value: T } | { readonly unknown: string };
