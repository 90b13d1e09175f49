/** Mail in files, a file for each call: EMAIL_FILE_PATH is the folder. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { clock, randomString } from '#core/utils'
import type { EmailBackend as Backend, EmailBackendOptions, OutgoingMail } from './base.ts'
import { readable } from './console.ts'

export class EmailBackend implements Backend {
  readonly #folder: string

  constructor({ filePath }: EmailBackendOptions = {}) {
    const folder = filePath ?? settings.EMAIL_FILE_PATH
    if (!folder) {
      throw new ImproperlyConfigured('EMAIL_FILE_PATH is not set. It is the folder in which this mail backend writes.')
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
    // A mail may hold a link that logs somebody in: for the owner's eyes alone.
    const file = path.join(this.#folder, `${stamp}-${randomString(12)}.log`)
    await writeFile(file, readable(messages), { flag: 'wx', mode: 0o600 })
    return messages.length
  }
}
