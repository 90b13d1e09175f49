/** Writes the files of a new app or project, over none that is there. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CommandError } from './base.ts'

/** Texts by path. */
export type NewFiles = Readonly<Record<string, string>>

/**
 * Writes all of the files below a folder, or none.
 * @param what `an app`, `a project`
 * @param creating told of each file before it is written
 * @throws CommandError where one of them is there, or the folder cannot be written to
 */
export function writeNewFiles(folder: string, files: NewFiles, what: string, creating: (file: string) => void): void {
  const all = Object.entries(files).map(([name, text]) => ({ file: path.join(folder, name), text }))
  for (const { file } of all) mustNotExist(file, what)
  try {
    for (const { file, text } of all) {
      creating(file)
      mkdirSync(path.dirname(file), { recursive: true })
      // A text that names its interpreter is a program.
      writeFileSync(file, text, { flag: 'wx', mode: text.startsWith('#!') ? 0o777 : 0o666 })
    }
  } catch (cause) {
    throw new CommandError((cause as Error).message, { cause })
  }
}

function mustNotExist(file: string, what: string): void {
  if (!existsSync(file)) return
  throw new CommandError(`${file} already exists. Overlaying ${what} into an existing folder won't replace its files.`)
}
