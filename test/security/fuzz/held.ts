/** Settings that stay in force while a domain is open. */
import { createHash } from 'node:crypto'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { captureLogs } from '#core/utils'

/** A key that a production start accepts. */
export const SECRET_KEY = createHash('sha256').update('the key of the fuzz suite').digest('base64')

/** Puts settings in force. What it returns ends that. Logs go nowhere meanwhile. */
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
