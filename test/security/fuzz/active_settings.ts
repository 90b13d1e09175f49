/** Settings that stay active while a domain is open. */
import { createHash } from 'node:crypto'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { captureLogs } from '#core/utils'

/** A key that is valid in production. */
export const SECRET_KEY = createHash('sha256').update('the key of the fuzz suite').digest('base64')

/** Activates settings, and disables logs. Returns a function that undoes both. */
export async function holdSettings(overrides: Settings = {}): Promise<() => Promise<void>> {
  await setup()
  const stopLogs = captureLogs(() => {})
  let end = (): void => {}
  let left = Promise.resolve()
  await new Promise<void>((entered, failed) => {
    left = overrideSettings({ DEBUG: false, SECRET_KEY, ...overrides }, () => {
      entered()
      return new Promise<void>((resolve) => {
        end = resolve
      })
    })
    left.catch(failed)
  })
  return async () => {
    end()
    await left
    stopLogs()
  }
}
