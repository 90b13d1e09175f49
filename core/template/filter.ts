/** What a filter is: the function behind `{{ value|name:argument }}`. */

/** What a filter may want to know beside its value and argument. */
export interface FilterOptions {
  /** Whether what the filter returns is escaped, unless it is marked. */
  readonly autoescape: boolean
}

/**
 * Makes one value of another. A text that it returns is escaped, unless it is marked with `markSafe()`.
 * Texts reach it unmarked, unless `seesMarks` is set.
 */
export interface Filter {
  (value: unknown, argument?: unknown, options?: FilterOptions): unknown
  /** Brings no HTML character into a text that had none: of a marked text it makes a marked one. */
  readonly isSafe?: boolean
  /** Gets texts marked as they are, as SafeString objects. */
  readonly seesMarks?: boolean
}
