/** Writes mail to files in the directory EMAIL_FILE_PATH, one for each call. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { clock, randomString } from '#core/utils'
import type { EmailBackend as Backend, EmailBackendOptions, OutgoingMail } from '../message.ts'
import { readable } from './console.ts'

export class EmailBackend implements Backend {
  readonly #folder: string

  constructor({ filePath }: EmailBackendOptions = {}) {
    const folder = filePath ?? settings.EMAIL_FILE_PATH
    if (!folder) {
      throw new ImproperlyConfigured(
        'EMAIL_FILE_PATH is not set. It is the directory that this mail backend writes to.',
      )
    }
    this.#folder = path.resolve(projectRoot(), folder)
  }

  async sendMessages(messages: readonly OutgoingMail[]): Promise<number> {
    if (messages.length === 0) return 0
    const stamp = new Date(clock.now())
      .toISOString()
      .replace(/[-:]|\..*/g, '')
      .replace('T', '-')
    await mkdir(this.#folder, { recursive: true })
    // Mail may contain links that log a user in, so that only the owner may read the file.
    const file = path.join(this.#folder, `${stamp}-${randomString(12)}.log`)
    await writeFile(file, readable(messages), { flag: 'wx', mode: 0o600 })
    return messages.length
  }
}
