/** Folders of our own in places where other users of the machine may write, too. */
import { lstatSync, mkdirSync, type Stats } from 'node:fs'
import { errorCode } from './files.ts'

/** The user whose files this process makes. Undefined on Windows, where files have no such owner. */
export const processUser = (): number | undefined => process.geteuid?.()

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0')

/** Why others can see or change what is in a folder, in words that follow its name; undefined where they cannot. */
export function exposureOf(found: Stats): string | undefined {
  const user = processUser()
  // The modes of Windows say nothing of who may do what.
  if (user === undefined) return undefined
  if (found.uid !== user) return `belongs to the user ${found.uid}, and this process runs as the user ${user}`
  return (found.mode & 0o077) === 0 ? undefined : `has the mode ${octal(found.mode)}, which lets other users in`
}

/** What is wrong with a private folder, in words that follow its name; undefined where nothing is. */
export function privateFolderFault(folder: string): string | undefined {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined) return 'is not there'
  if (found.isSymbolicLink()) return 'is a symbolic link'
  if (!found.isDirectory()) return 'is not a folder'
  return exposureOf(found)
}

/** Makes a folder that only its owner can use. Where something is at its place, that stays as it is. */
export function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}
