/** Recognizes JSON that JSON.parse reads as our own parser does, which is nearly all. */

/**
 * A number that JavaScript spells or rounds differently, or a key that it would move to the front. A false positive, such as
 * one of these inside a string, costs only time.
 */
const NEEDS_OWN_PARSER = /(?:^|[[,:])\s*-?(?:\d+[.eE]|\d{16}|Infinity|NaN|0[,}\]])|"\d+"\s*:/

export const isNativeJson = (text: string): boolean => !NEEDS_OWN_PARSER.test(text)
