/** What kind of error a database gave to a database cache, beside those that every user of a database meets. */

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code)

/** Two statements waited for each other, and the database ended one of them; another try succeeds. */
export const isDeadlock = (error: unknown): boolean =>
  /^(ER_LOCK_DEADLOCK|ER_CHECKREAD|40P01|40001)$/.test(codeOf(error))

export const isMissingTable = (error: unknown): boolean =>
  /^(ER_NO_SUCH_TABLE|42P01)$/.test(codeOf(error)) || /no such table/.test((error as Error).message)
