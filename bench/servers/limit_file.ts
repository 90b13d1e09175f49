/** The limit for files: a save writes a new file and renames it over the old one. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { limitWith, type TextsIn } from './limit.ts'

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export const textsIn: TextsIn = ({ location }) => {
  const fileOf = (key: string) => path.join(location, path.basename(key))
  function replace(key: string, text: string): void {
    const file = fileOf(key)
    writeFileSync(`${file}.new`, text, 'latin1')
    renameSync(`${file}.new`, file)
  }
  return {
    load: (key) => textOf(fileOf(key)),
    create: (key, text) => writeFileSync(fileOf(key), text, { encoding: 'latin1', flag: 'wx' }),
    save: replace,
  }
}

export default limitWith(textsIn)
