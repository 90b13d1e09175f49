/** System checks of the folder of the file engine: which other users of the machine can access it, and what is in it. */
import { lstatSync, opendirSync, statSync } from 'node:fs'
import path from 'node:path'
import { type CheckMessage, Error, register, Warning } from '#core/checks'
import { settings } from '#core/conf'
import { canonicalName, exposureOf, fileFault, formatValue, ifReadable, privateFolderFault } from '#core/utils'
import { defaultFolder, folderRefused, sessionFileLimits } from './session_files.ts'

const ENGINE = 'core.contrib.sessions.backends.file'

/** Entries of a folder that are looked at: enough to notice that something is wrong. */
const MOST_ENTRIES = 10_000

const isUsed = (): boolean => canonicalName(settings.SESSION_ENGINE) === ENGINE

/** The default folder is refused at start if another user can access it. It is made at start if it does not exist. */
function checkDefaultFolder(): CheckMessage[] {
  if (!isUsed() || settings.SESSION_FILE_PATH !== null) return []
  const folder = defaultFolder()
  const fault = ifReadable(() => lstatSync(folder)) && privateFolderFault(folder)
  return fault === undefined ? [] : [new Error(folderRefused(fault), { id: 'sessions.E001', obj: 'SESSION_FILE_PATH' })]
}

const WRITABLE_BY_ALL = 0o002
const STICKY = 0o1000

/** Files are signed, but a user who can write could replace one with an older version of it. */
function checkReplaceable(): CheckMessage[] {
  const folder = settings.SESSION_FILE_PATH
  const found = isUsed() && folder !== null ? ifReadable(() => statSync(folder)) : undefined
  if (found === undefined || (found.mode & (WRITABLE_BY_ALL | STICKY)) !== WRITABLE_BY_ALL) return []
  const message = `SESSION_FILE_PATH is ${formatValue(folder)}, where every user of this machine can remove and replace session files.`
  const hint = 'Give the folder to the users of the sites that share it, and let no other user write: chmod o-w.'
  return [new Warning(message, { id: 'sessions.W002', hint, obj: 'SESSION_FILE_PATH' })]
}

function checkExposure(): CheckMessage[] {
  const folder = settings.SESSION_FILE_PATH
  const exposure = isUsed() && folder !== null ? exposureOf(folder) : undefined
  if (exposure === undefined) return []
  const message = `SESSION_FILE_PATH is ${formatValue(folder)}, which ${exposure}. File names are session keys: who can list them can use the sessions.`
  const hint =
    "Use a folder of mode 0700 that belongs to this process's user. Where Django shares it under another user, silence this."
  return [new Warning(message, { id: 'sessions.W003', hint, obj: 'SESSION_FILE_PATH' })]
}

/** How many entries of a folder have the name of a session but cannot be session files. */
function strangeEntries(folder: string): number {
  const limits = sessionFileLimits()
  // The folder may be absent, or not for this user to list: a site can be deployed by another.
  const entries = ifReadable(() => opendirSync(folder))
  if (entries === undefined) return 0
  let strange = 0
  try {
    for (let i = 0; i < MOST_ENTRIES; i++) {
      const entry = entries.readSync()
      if (entry === null) break
      if (!entry.name.startsWith(settings.SESSION_COOKIE_NAME)) continue
      const found = ifReadable(() => lstatSync(path.join(folder, entry.name)))
      if (found !== undefined && fileFault(found, limits) !== undefined) strange++
    }
  } finally {
    entries.closeSync()
  }
  return strange
}

function checkEntries(): CheckMessage[] {
  const folder = settings.SESSION_FILE_PATH ?? defaultFolder()
  const strange = isUsed() ? strangeEntries(folder) : 0
  if (strange === 0) return []
  const message = `The folder for session files, '${folder}', has ${strange} entries with names of sessions that are not read: they are not regular files, are too large or belong to another user.`
  const hint = 'Another user may have put them there. Remove them, and let no other user write to the folder.'
  return [new Warning(message, { id: 'sessions.W004', hint, obj: 'SESSION_FILE_PATH' })]
}

register(checkDefaultFolder, 'sessions')
register(checkReplaceable, 'sessions')
register(checkExposure, ['sessions', 'security'], { deploy: true })
register(checkEntries, ['sessions', 'security'], { deploy: true })
