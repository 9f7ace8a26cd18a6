// Texts of the console. A catalogue holds every language; what one of them lacks is an error of the build.
export const LANGUAGES = ['en', 'fa'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The same keys; a text stays a text, and a text with values takes the same values. */
export type Same<T> = {
  [K in keyof T]: T[K] extends (...values: infer V) => string ? (...values: V) => string : T[K] extends string ? string : Same<T[K]>;
};
export type Catalogue<T> = Record<Language, Same<T>>;

export function define<const T>(en: T, others: Record<Exclude<Language, 'en'>, Same<T>>): Catalogue<T> {
  return { en: en as Same<T>, ...others };
}
