/**
 * Memoization as a fast path: with fast paths off, each of these returns the function that it is given.
 *
 * The function must be pure, and its results must not be changed, because callers share them. An error is not remembered.
 */
import { fastPaths } from '#core/utils'
import { rememberNumbers, rememberStrings } from './fast/memory.ts'

/** For functions of a string, such as parsers of headers that clients send with each request. */
export const memoizeString: typeof rememberStrings = fastPaths ? rememberStrings : (compute) => compute

/** For functions of a number, such as the text of a date. */
export const memoizeNumber: typeof rememberNumbers = fastPaths ? rememberNumbers : (compute) => compute
