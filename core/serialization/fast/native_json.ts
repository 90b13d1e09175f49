/** Recognizes JSON that JSON.parse reads exactly as the parser in json.ts does, which is most JSON. */

/**
 * Matches numbers that JavaScript would round or format differently, and keys that it would reorder. A false positive,
 * such as a match inside a string, costs only time.
 */
const NEEDS_OWN_PARSER = /(?:^|[[,:])\s*-?(?:\d+[.eE]|\d{16}|Infinity|NaN|0[,}\]])|"\d+"\s*:/

export const isNativeJson = (text: string): boolean => !NEEDS_OWN_PARSER.test(text)
