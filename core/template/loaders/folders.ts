/** Templates in folders: what the loaders of DIRS and of apps have in common. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { TemplateSource } from './base.ts'

function sourceIn(folder: string, name: string): TemplateSource[] {
  const file = path.resolve(folder, name)
  // A name that leads out of the folder names nothing there.
  if (name.includes('\0') || !file.startsWith(path.resolve(folder) + path.sep)) return []
  const stamp = (): string | undefined => {
    const stats = statSync(file, { throwIfNoEntry: false })
    return stats?.isFile() === true ? `${stats.mtimeMs}:${stats.size}` : undefined
  }
  return [{ origin: file, file, stamp, read: () => readFileSync(file, 'utf8') }]
}

/** The places of a template in folders, the first folder first. */
export function sourcesIn(folders: readonly string[], name: string): TemplateSource[] {
  return folders.flatMap((folder) => sourceIn(folder, name))
}
