/** Checks that each entry of DATABASES has an engine, its driver, and what the engine needs. They do not connect. */
import { type CheckMessage, Error, register } from '#core/checks'
import { ImproperlyConfigured } from '#core/exceptions'
import { connections, DEFAULT_ALIAS } from './connections.ts'
import { connectionZone, localDateString } from './date_strings.ts'

function problemOf(alias: string): string | undefined {
  try {
    const database = connections.database(alias)
    database.validate()
    localDateString(0, connectionZone(database.entry))
    return undefined
  } catch (error) {
    if (error instanceof ImproperlyConfigured) return error.message
    throw error
  }
}

export function checkDatabases(): CheckMessage[] {
  const aliases = connections.aliases()
  const messages = aliases.flatMap((alias) => {
    const problem = problemOf(alias)
    return problem === undefined ? [] : [new Error(problem, { id: 'databases.E002' })]
  })
  if (aliases.length === 0 || aliases.includes(DEFAULT_ALIAS)) return messages
  const missing = new Error(`DATABASES has no '${DEFAULT_ALIAS}'.`, {
    hint: 'It is used unless another database is named. DATABASES may also be empty.',
    id: 'databases.E001',
  })
  return [missing, ...messages]
}

register(checkDatabases, 'databases')
