/** handler400, handler403, handler404 and handler500 of the root module. */
import { importName, formatValue } from '#core/utils'
import { ImproperlyConfigured } from '#core/exceptions'
import { isClass, type Problem } from './problems.ts'
import { type ErrorHandler, type ErrorHandlers, HANDLED } from './root.ts'

async function imported(value: unknown, root: string, name: string): Promise<unknown> {
  return typeof value === 'string' ? importName(value, { setting: name, root }) : value
}

/**
 * The handlers that a module exports, as functions or as dotted names, and what is wrong with them.
 * @param root the folder from which dotted names are looked up
 */
export async function readHandlers(
  module: Readonly<Record<string, unknown>>,
  moduleName: string,
  root: string,
): Promise<{ handlers: ErrorHandlers; problems: Problem[] }> {
  const handlers: { -readonly [Status in keyof ErrorHandlers]: ErrorHandlers[Status] } = {}
  const problems: Problem[] = []
  for (const status of HANDLED) {
    const name = `handler${status}`
    if (module[name] === undefined || module[name] === null) continue
    const where = `${name} of ${moduleName}`
    try {
      const handler = await imported(module[name], root, name)
      const parameters = status === 500 ? 1 : 2
      if (typeof handler !== 'function' || isClass(handler) || handler.length > parameters) {
        const taken = status === 500 ? 'request' : 'request, exception'
        const message = `The custom ${name} view ${formatValue(module[name])} does not take the correct number of arguments (${taken}).`
        problems.push({ id: 'urls.E007', message, where })
      } else handlers[status] = handler as ErrorHandler
    } catch (error) {
      if (!(error instanceof ImproperlyConfigured)) throw error
      const message = `The custom ${name} view ${formatValue(module[name])} could not be imported.`
      problems.push({ id: 'urls.E008', message, hint: error.message, where })
    }
  }
  return { handlers, problems }
}
