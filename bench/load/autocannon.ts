/** The load generator autocannon, in a separate process. */
import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { folder } from '../stores.ts'
import { runCommand } from './command.ts'
import type { Generator, LoadResult } from './contract.ts'

export const autocannon: Generator = {
  name: 'autocannon',

  async run(plan) {
    const file = path.join(folder, `${randomUUID()}.json`)
    writeFileSync(file, JSON.stringify(plan))
    const program = path.join(import.meta.dirname, 'autocannon_process.ts')
    const command = [process.execPath, '--import', import.meta.resolve('tsx'), program, file]
    try {
      return (await runCommand(command, plan.seconds)) as LoadResult
    } finally {
      rmSync(file)
    }
  },
}
