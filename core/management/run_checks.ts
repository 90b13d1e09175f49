/** Runs the system checks for a command and prints their messages in Django's format. */
import { type CheckLevel, type CheckMessage, isSilenced, runChecks } from '#core/checks'
import { prepareSettings } from '#core/conf'
import { type CommandIo, SystemCheckError } from './base.ts'

export interface SystemCheckOptions {
  readonly tags?: readonly string[] | undefined
  readonly deploy?: boolean | undefined
  /** Whether to include the checks that matter only to a server. Default: true. */
  readonly serving?: boolean | undefined
  /** Aliases of the databases that the checks may connect to. */
  readonly databases?: readonly string[] | undefined
  /** The lowest level that counts as an error. Default: `ERROR`. */
  readonly failLevel?: CheckLevel | undefined
  /** Whether the report ends with `System check identified …`. */
  readonly countIssues?: boolean | undefined
}

const GROUPS: readonly [CheckLevel, string][] = [
  ['CRITICAL', 'CRITICALS'],
  ['ERROR', 'ERRORS'],
  ['WARNING', 'WARNINGS'],
  ['INFO', 'INFOS'],
  ['DEBUG', 'DEBUGS'],
]

/** Imports all modules that have checks: each registers its checks when it is imported. */
export async function loadChecks(): Promise<void> {
  await Promise.all([
    import('#core/cache'),
    import('#core/db'),
    import('#core/handlers'),
    import('#core/middleware'),
    import('#core/template'),
    import('#core/urls'),
  ])
}

function groups(visible: readonly CheckMessage[], { style }: CommandIo): string {
  return GROUPS.map(([level, heading]) => {
    const ofLevel = visible.filter((message) => message.level === level)
    if (ofLevel.length === 0) return ''
    const paint = ofLevel[0]?.isAtLeast('ERROR') ? style.ERROR : style.WARNING
    const lines = ofLevel.map((message) => paint(String(message))).toSorted()
    return `\n${heading}:\n${lines.join('\n')}\n`
  }).join('')
}

function counted(visible: number, silenced: number): string {
  const issues = visible === 0 ? 'no issues' : visible === 1 ? '1 issue' : `${visible} issues`
  return `${visible === 0 ? '' : '\n'}System check identified ${issues} (${silenced} silenced).`
}

/**
 * Runs checks and prints their messages to stderr. If there are none, prints the count to stdout.
 * @throws SystemCheckError if a message has `failLevel` or a higher level
 */
export async function runSystemChecks(io: CommandIo, options: SystemCheckOptions = {}): Promise<void> {
  const { tags, deploy = false, serving = true, databases, failLevel = 'ERROR', countIssues = false } = options
  await loadChecks()
  // The modules that were just imported may have settings to prepare.
  await prepareSettings()
  const all = await runChecks({ deploy, serving, ...(tags && { tags }), ...(databases && { databases }) })
  const visible = all.filter((message) => !isSilenced(message))
  const header = visible.length === 0 ? '' : 'System check identified some issues:\n'
  const rest = groups(visible, io) + (countIssues ? counted(visible.length, all.length - visible.length) : '')
  if (visible.some((message) => message.isAtLeast(failLevel))) {
    throw new SystemCheckError(io.style.ERROR(`SystemCheckError: ${header}`) + rest)
  }
  const report = header + rest
  if (report !== '') (visible.length === 0 ? io.stdout : io.stderr).write(report)
}
